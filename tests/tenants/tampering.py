"""Changing an audit log as only an attacker with the owner's rights could: triggers off, hashes done anew."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from tenants import audit
from tenants.audit_lines import GENESIS, line_of, links
from tenants.context import tenant_context
from tenants.models import AuditLink

TABLES = ("tenants_auditentry", "tenants_auditlink")


def log(tenant_id: UUID, *, entries: int) -> None:
    """Record some entries, each in a transaction of its own."""
    for number in range(entries):
        with tenant_context(tenant_id):
            audit.record("test.done", target=f"test:{number}", detail={"number": number})


def tamper(*statements: tuple[str, list[Any]]) -> None:
    """Run statements as the owner with the fences down."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def entry_id(tenant_id: UUID, sequence: int) -> UUID:
    """The entry at a place of the chain."""
    return AuditLink.everywhere.using("ops").get(tenant_id=tenant_id, sequence=sequence).entry_id


def rehash(tenant_id: UUID, *, first: int = 1) -> None:
    """Write the hashes of a chain anew from an entry on, as somebody would who can do all but sign."""
    with transaction.atomic(using="owner"):
        every = list(links(tenant_id, first=1, last=10**9, using="owner"))
    previous = every[first - 2].hash if first > 1 else GENESIS
    changes = []
    for link in every[first - 1 :]:
        assert link.entry is not None
        line = line_of(link.entry, sequence=link.sequence, previous=previous)
        hashed = hashlib.sha256(line.encode()).hexdigest()
        change = "UPDATE tenants_auditlink SET previous = %s, hash = %s WHERE entry_id = %s"
        changes.append((change, [previous, hashed, link.entry_id]))
        previous = hashed
    tamper(*changes)
