"""The audit log as a file: of one tenant for its admins, of all for operators. Oldest first."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Q, QuerySet

from accounts import audit_trail
from accounts.audit_trail import Filters
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tenants.row_files import Rows

BATCH_ROWS = 1000
_IDS = ("user_id", "api_key_id", "session_id", "operator_id")
COLUMNS = (
    "id",
    "tenant_id",
    "sequence",
    "at",
    "action",
    "target",
    "is_denied",
    *_IDS,
    "request_id",
    "detail",
    "hash",
)

Read = Callable[[AuditEntry | None], list[AuditEntry]]


def document(entry: AuditEntry) -> dict[str, Any]:
    """One entry as both forms write it; `hash` and `sequence` are its place in the tenant's chain."""
    link = getattr(entry, "link", None)
    return {
        "id": str(entry.pk),
        "tenant_id": str(entry.tenant_id),
        "sequence": link and link.sequence,
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "action": entry.action,
        "target": entry.target,
        "is_denied": entry.is_denied,
        **{name: str(value) if (value := getattr(entry, name)) else None for name in _IDS},
        "request_id": entry.request_id,
        "detail": entry.detail,
        "hash": link and link.hash,
    }


def of_tenant(tenant_id: UUID, filters: Filters, *, until: datetime) -> Generator[Rows]:
    """The entries of a tenant that fit, a batch at a time, each by a transaction of its own."""

    def read(after: AuditEntry | None) -> list[AuditEntry]:
        with tenant_context(tenant_id):
            return list(_next(audit_trail.entries(filters), after, until))

    return _batches(read, using="default")


def of_all(rows: QuerySet[AuditEntry], *, until: datetime) -> Generator[Rows]:
    """These entries of all tenants, as the ops role, a batch at a time."""
    linked = rows.select_related("link")
    return _batches(lambda after: list(_next(linked, after, until)), using="ops")


def _batches(read: Read, *, using: str) -> Generator[Rows]:
    after: AuditEntry | None = None
    while True:
        try:
            batch = read(after)
        finally:
            # The thread may never come back for the next batch.
            if not connections[using].in_atomic_block:
                connections[using].close()
        if batch:
            yield [document(entry) for entry in batch]
        if len(batch) < BATCH_ROWS:
            return
        after = batch[-1]


def _next(rows: QuerySet[AuditEntry], after: AuditEntry | None, until: datetime) -> QuerySet[AuditEntry]:
    rows = rows.filter(at__lte=until).order_by("at", "id")
    if after is not None:
        # The first condition is where the index starts, the second what is new there.
        rows = rows.filter(at__gte=after.at).filter(Q(at__gt=after.at) | Q(pk__gt=after.pk))
    return rows[:BATCH_ROWS]
