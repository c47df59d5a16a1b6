"""Reads of the accounts app, shaped for pages and documents."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Session
from tenants.models import Membership


def members() -> QuerySet[Membership]:
    """The members of the tenant in context with their persons, whoever came first first.

    Each has `signed_in_at`: the latest sign-in that now works in this tenant; None without one.
    """
    here = Session.objects.filter(user_id=OuterRef("user_id"), tenant_id=OuterRef("tenant_id"))
    latest = Subquery(here.order_by("-signed_in_at").values("signed_in_at")[:1])
    rows = Membership.objects.select_related("user").annotate(signed_in_at=latest)
    return rows.order_by("created_at", "id")
