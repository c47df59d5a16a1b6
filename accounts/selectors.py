"""Reads of the accounts app, shaped for pages and documents."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Session
from tenants.models import Membership, Role


def members() -> QuerySet[Membership]:
    """The members of the tenant in context with their persons, whoever came first first.

    Each has `signed_in_at`: the latest sign-in that now works in this tenant; None without one.
    """
    here = Session.objects.filter(user_id=OuterRef("user_id"), tenant_id=OuterRef("tenant_id"))
    latest = Subquery(here.order_by("-signed_in_at").values("signed_in_at")[:1])
    rows = Membership.objects.select_related("user").annotate(signed_in_at=latest)
    return rows.order_by("created_at", "id")


def admins() -> QuerySet[Membership]:
    """The admins of the tenant in context who can sign in, whoever came first first."""
    rows = Membership.objects.select_related("user").filter(role=Role.ADMIN, user__is_active=True)
    return rows.order_by("created_at", "id")


def last_admin_id() -> UUID | None:
    """The person who is the only admin of the tenant in context; None when there are more."""
    found = list(admins().values_list("user_id", flat=True)[:2])
    return found[0] if len(found) == 1 else None
