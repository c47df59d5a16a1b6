"""Whom a breach affects, read from the audit log; and the letter they get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.template.loader import render_to_string

from accounts.models import User
from gdpr import conf
from gdpr.duties.models import Breach
from tenants.models import AuditEntry, Membership, Tenant


@dataclass(frozen=True, kw_only=True)
class Affected:
    """Lines of the audit log that fall into a breach, and whose data could be reached by them."""

    entries: int
    tenants: list[UUID]
    people: list[UUID]


def affected(breach: Breach, *, at: datetime) -> Affected:
    """Who is affected: everybody named in the lines, and every member of the tenants they happened in.

    Without any id the whole time range counts.
    """
    entries = _entries(breach, at=at)
    tenants = sorted(set(entries.values_list("tenant_id", flat=True)), key=str)
    named = set(entries.exclude(user_id=None).values_list("user_id", flat=True))
    members = Membership.everywhere.using("ops").filter(tenant_id__in=tenants)
    people = named | set(members.values_list("user_id", flat=True))
    known = User.objects.filter(pk__in=people).values_list("pk", flat=True)
    return Affected(entries=entries.count(), tenants=tenants, people=sorted(known, key=str))


def compute(breach: Breach, *, at: datetime) -> Affected:
    """Count the affected anew, and keep the numbers with the record."""
    found = affected(breach, at=at)
    breach.affected_entries, breach.affected_tenants = found.entries, len(found.tenants)
    breach.affected_people, breach.computed_at = len(found.people), at
    breach.save()
    return found


def as_document(breach: Breach, found: Affected) -> dict[str, Any]:
    """The record for the authority (article 33(3)), as JSON takes it. Numbers, nobody's name."""
    plain = ("title", "nature", "categories", "consequences", "measures", "why_not_notified")
    times = ("detected_at", "began_at", "ended_at", "authority_notified_at", "people_notified_at")
    return {
        "id": str(breach.pk),
        **{name: getattr(breach, name) for name in plain},
        **{name: _iso(getattr(breach, name)) for name in times},
        "notify_authority_by": _iso(breach.notify_by),
        "affected": {
            "audit_entries": found.entries,
            "workspaces": len(found.tenants),
            "people": len(found.people),
        },
        "controller": vars(conf.controller()),
    }


def people_to_tell(found: Affected) -> list[dict[str, Any]]:
    """The affected with their workspaces, for the letter: {"email", "workspaces"}."""
    names = dict(Tenant.objects.using("ops").filter(pk__in=found.tenants).values_list("pk", "name"))
    members = Membership.everywhere.using("ops").filter(tenant_id__in=found.tenants)
    of_person: dict[UUID, list[str]] = {}
    for user_id, tenant_id in members.values_list("user_id", "tenant_id"):
        of_person.setdefault(user_id, []).append(names[tenant_id])
    people = User.objects.filter(pk__in=found.people).order_by("email").values_list("pk", "email")
    return [{"email": email, "workspaces": sorted(of_person.get(pk, []))} for pk, email in people]


def letter(breach: Breach) -> str:
    """A draft of what the affected are told (article 34(2))."""
    return render_to_string("gdpr/breach_letter.txt", {"breach": breach, "controller": conf.controller()})


def _entries(breach: Breach, *, at: datetime) -> Any:
    known = {
        name: getattr(breach, name)
        for name in ("tenant_id", "user_id", "api_key_id", "session_id")
        if getattr(breach, name) is not None
    }
    rows = AuditEntry.everywhere.using("ops")
    return rows.filter(Q(**known), at__gte=breach.began_at, at__lte=breach.ended_at or at)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
