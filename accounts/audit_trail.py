"""The audit log for people: entries with their place in the chain, and names in place of ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ApiKey, User
from tenants.models import AuditCheckpoint, AuditEntry

SYSTEM = "Cutroom"
SUPPORT = "Cutroom support"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What to show: entries of one action, of one person or key, or only what was denied."""

    action: str = ""
    actor: UUID | None = None
    is_denied: bool | None = None


def entries(filters: Filters) -> QuerySet[AuditEntry]:
    """The entries of the tenant in context that fit. Each has a `link` once its transaction committed."""
    found = AuditEntry.objects.select_related("link")
    if filters.action:
        found = found.filter(action=filters.action)
    if filters.actor is not None:
        found = found.filter(user_id=filters.actor) | found.filter(api_key_id=filters.actor)
    if filters.is_denied is not None:
        found = found.filter(is_denied=filters.is_denied)
    return found


def latest_checkpoint() -> AuditCheckpoint | None:
    """How far the log of the tenant in context is signed."""
    return AuditCheckpoint.objects.order_by("number").last()


def sequence_of(entry: AuditEntry) -> int | None:
    """The entry's place in the chain; None while its transaction is open."""
    return entry.link.sequence if hasattr(entry, "link") else None


def name_actors(rows: Iterable[AuditEntry]) -> dict[UUID, str]:
    """What to call who did it: a mail address, the visible part of a key, or Cutroom. Keyed by entry."""
    shown = list(rows)
    people = dict(User.objects.filter(pk__in={row.user_id for row in shown}).values_list("pk", "email"))
    keys = {key.pk: str(key) for key in ApiKey.objects.filter(pk__in={row.api_key_id for row in shown})}
    return {row.pk: _name(row, people=people, keys=keys) for row in shown}


def _name(row: AuditEntry, *, people: dict[UUID, str], keys: dict[UUID, str]) -> str:
    if row.api_key_id is not None:
        return keys.get(row.api_key_id, "a deleted key")
    if row.user_id is None:
        return SYSTEM
    if row.operator_id == row.user_id:
        return SUPPORT
    person = people.get(row.user_id, "a deleted account")
    return f"{SUPPORT} as {person}" if row.operator_id else person
