"""METERING_NAMES: what projects, and the members who made them, are called."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Value

from rendering.models import Project
from tenants.models import Membership


def names_of(ids: set[UUID]) -> dict[UUID, tuple[str, str]]:
    """Name and path of each of the tenant's projects and members among `ids`. One query."""
    members = Membership.objects.values("user_id")
    people = get_user_model().objects.filter(pk__in=members.filter(user_id__in=ids))
    rows = Project.objects.filter(pk__in=ids).values_list("pk", "title", "slug")
    rows = rows.union(people.values_list("pk", "email", Value("")), all=True)
    return {pk: (name, f"/projects/{slug}" if slug else "") for pk, name, slug in rows}
