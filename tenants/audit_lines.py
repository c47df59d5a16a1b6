"""The audit chain as text: each entry is a line of JSON that names the hash of the line before it.

`hash = SHA-256(line)`, so a sealed segment can be checked with `sha256sum` alone. The database builds the
same text in `tenants_link_audit_entry`; a test compares the two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connections

GENESIS = "0" * 64

_ROWS_AT_ONCE = 2_000
_LINKS = """
SELECT link.sequence, link.previous, link.hash, link.entry_id,
       entry.id, entry.tenant_id, entry.at, entry.action, entry.target, entry.is_denied, entry.user_id,
       entry.api_key_id, entry.session_id, entry.operator_id, entry.request_id, entry.detail::text
FROM tenants_auditlink link
LEFT JOIN tenants_auditentry entry ON entry.id = link.entry_id AND entry.tenant_id = link.tenant_id
WHERE link.tenant_id = %s AND link.sequence BETWEEN %s AND %s ORDER BY link.sequence
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What was recorded. `detail` is JSON text, exactly as PostgreSQL prints it."""

    id: UUID
    tenant_id: UUID
    at: datetime
    action: str
    target: str
    is_denied: bool
    user_id: UUID | None
    api_key_id: UUID | None
    session_id: UUID | None
    operator_id: UUID | None
    request_id: str
    detail: str

    def called(self, entry_id: UUID) -> Entry:
        """The same thing under another id."""
        return replace(self, id=entry_id)


@dataclass(frozen=True, kw_only=True)
class Link:
    """One place in the chain as it is stored now. `entry` is None when its row is gone."""

    sequence: int
    previous: str
    hash: str
    entry_id: UUID
    entry: Entry | None

    @property
    def line(self) -> str:
        """The text that `hash` should cover; empty when the entry is gone."""
        return line_of(self.entry, sequence=self.sequence, previous=self.previous) if self.entry else ""

    @property
    def is_true(self) -> bool:
        """Does the hash fit the entry?"""
        return hash_of(self.line) == self.hash

    def holding(self, entry: Entry | None) -> Link:
        """This place with another entry in it."""
        return replace(self, entry=entry)


def line_of(entry: Entry, *, sequence: int, previous: str) -> str:
    """The line of an entry at its place, without a newline."""
    parts: dict[str, Any] = {
        "sequence": sequence,
        "previous": previous,
        "tenant_id": entry.tenant_id,
        "id": entry.id,
        "at": entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "action": entry.action,
        "target": entry.target,
        "is_denied": entry.is_denied,
        "user_id": entry.user_id,
        "api_key_id": entry.api_key_id,
        "session_id": entry.session_id,
        "operator_id": entry.operator_id,
        "request_id": entry.request_id,
    }
    members = [f'"{name}":{_json(value)}' for name, value in parts.items()]
    return "{" + ",".join([*members, f'"detail":{entry.detail}']) + "}"


def hash_of(line: str) -> str:
    """SHA-256 (hex) of a line."""
    return hashlib.sha256(line.encode()).hexdigest()


def links(tenant_id: UUID, *, first: int, last: int, using: str) -> Iterator[Link]:
    """The links of a tenant from `first` to `last`, a few at a time. Call inside a transaction."""
    with connections[using].chunked_cursor() as cursor:
        cursor.execute(_LINKS, [tenant_id, first, last])
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from map(_link, rows)


def _link(row: tuple[Any, ...]) -> Link:
    sequence, previous, hash_, entry_id, *columns = row
    names = Entry.__dataclass_fields__
    entry = Entry(**dict(zip(names, columns, strict=True))) if columns[0] is not None else None
    return Link(sequence=sequence, previous=previous, hash=hash_, entry_id=entry_id, entry=entry)


def _json(value: Any) -> str:
    return json.dumps(str(value) if isinstance(value, UUID) else value, ensure_ascii=False)
