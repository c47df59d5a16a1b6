"""The audit log as a file: of one tenant for its admins, of all for operators. Oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts import audit_trail
from accounts.audit_trail import Filters
from tenants.batches import in_batches
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tenants.row_files import Rows

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


def of_tenant(tenant_id: UUID, filters: Filters, *, until: datetime) -> Iterator[Rows]:
    """The entries of a tenant that fit, a batch at a time, each by a transaction of its own."""
    batches = in_batches(
        lambda: audit_trail.entries(filters).filter(at__lte=until), within=partial(tenant_context, tenant_id)
    )
    return _documents(batches)


def of_all(rows: QuerySet[AuditEntry], *, until: datetime) -> Iterator[Rows]:
    """These entries of all tenants, as the ops role, a batch at a time."""
    linked = rows.select_related("link").filter(at__lte=until)
    return _documents(in_batches(lambda: linked, using="ops"))


def _documents(batches: Iterator[list[AuditEntry]]) -> Iterator[Rows]:
    return ([document(entry) for entry in batch] for batch in batches)
