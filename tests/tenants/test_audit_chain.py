"""The audit log's chain: made by the database at commit, one a tenant, and nobody else may write it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction

from tenants import audit
from tenants.audit_lines import GENESIS, Link, hash_of, links
from tenants.context import Actor, tenant_context
from tenants.models import AuditEntry, AuditLink, Tenant
from tests.cast import Cast
from tests.threads import at_once

pytestmark = pytest.mark.committed

AWKWARD = 'quote " back \\ slash / line\nreturn\rtab\tbell\x07 \x7f é 漢字 \u2028 🎬'


def chain(tenant: Tenant) -> list[Link]:
    with transaction.atomic(using="ops"):
        return list(links(tenant.pk, first=1, last=10**9, using="ops"))


def assert_whole(tenant: Tenant) -> None:
    previous = GENESIS
    for sequence, link in enumerate(chain(tenant), start=1):
        assert (link.sequence, link.previous, hash_of(link.line)) == (sequence, previous, link.hash)
        previous = link.hash


def test_each_entry_names_the_hash_of_the_one_before(committed_cast: Cast) -> None:
    for number in range(3):
        with tenant_context(committed_cast.acme.pk):
            audit.record("test.done", target=f"test:{number}")
    assert_whole(committed_cast.acme)
    assert [link.entry.target for link in chain(committed_cast.acme) if link.entry] == [
        "test:0",
        "test:1",
        "test:2",
    ]


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"text": AWKWARD, "key " + AWKWARD: 1},
        {"n": [1, 1.0, 1e30, -0.0, None, True]},
        {"deep": {"a": {"b": []}}},
    ],
)
def test_database_and_python_write_the_same_line(committed_cast: Cast, detail: dict[str, Any]) -> None:
    actor = Actor(user_id=uuid4(), api_key_id=uuid4(), session_id=uuid4(), operator_id=uuid4())
    with tenant_context(committed_cast.acme.pk, actor=actor):
        audit.record("test.done", target=AWKWARD, detail=detail, is_denied=True)
    [link] = chain(committed_cast.acme)
    assert hash_of(link.line) == link.hash
    assert str(actor.operator_id) in link.line


def test_sixteen_writers_make_one_chain(committed_cast: Cast) -> None:
    """Two tenants at once, each with its own chain without a gap or a fork."""
    tenants = [committed_cast.acme, committed_cast.globex]

    def write(number: int) -> None:
        with tenant_context(tenants[number % 2].pk):
            audit.record("test.done", target=f"test:{number}")

    at_once(write, count=320, threads=16)
    for tenant in tenants:
        assert len(chain(tenant)) == 160
        assert_whole(tenant)


def test_what_is_rolled_back_takes_no_place(committed_cast: Cast) -> None:
    with tenant_context(committed_cast.acme.pk):
        audit.record("test.undone")
        transaction.set_rollback(True)
    with tenant_context(committed_cast.acme.pk):
        audit.record("test.done")
    [link] = chain(committed_cast.acme)
    assert (link.sequence, link.entry and link.entry.action) == (1, "test.done")


def test_entries_of_several_tenants_in_one_transaction_go_to_their_own_chains(committed_cast: Cast) -> None:
    """At commit the connection names the outer tenant, or none."""
    with transaction.atomic():
        for tenant in (committed_cast.acme, committed_cast.globex, committed_cast.acme):
            with tenant_context(tenant.pk):
                audit.record("test.done")
    assert (len(chain(committed_cast.acme)), len(chain(committed_cast.globex))) == (2, 1)
    assert_whole(committed_cast.acme)


def test_a_lock_held_elsewhere_does_not_keep_a_request_from_recording(committed_cast: Cast) -> None:
    """The chain is locked at commit only: recording first and locking after cannot deadlock."""

    def lock_then_record(number: int) -> None:
        with tenant_context(committed_cast.acme.pk):
            if number % 2:
                audit.record("test.done")
            Tenant.objects.select_for_update(no_key=True).get(pk=committed_cast.acme.pk)
            if not number % 2:
                audit.record("test.done")

    at_once(lock_then_record, count=64, threads=8)
    assert len(chain(committed_cast.acme)) == 64


@pytest.mark.parametrize("alias", ["default", "ops"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tenants_auditlink (entry_id, tenant_id, sequence, previous, hash)"
        " SELECT gen_random_uuid(), tenant_id, 99, '', '' FROM tenants_auditlink",
        "UPDATE tenants_auditlink SET hash = ''",
        "DELETE FROM tenants_auditlink",
        "SELECT tenants_link_audit_entry(entry) FROM tenants_auditentry entry",
    ],
)
def test_nobody_but_the_database_writes_the_chain(committed_cast: Cast, alias: str, statement: str) -> None:
    with tenant_context(committed_cast.acme.pk):
        audit.record("test.done")
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        tenant_context(committed_cast.acme.pk),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_owner_is_stopped_by_the_trigger(committed_cast: Cast) -> None:
    with tenant_context(committed_cast.acme.pk):
        audit.record("test.done")
    changes = (
        "UPDATE tenants_auditlink SET hash = ''",
        "DELETE FROM tenants_auditlink",
        "TRUNCATE tenants_auditlink",
    )
    for change in changes:
        with pytest.raises(DatabaseError, match="append-only"), connections["owner"].cursor() as cursor:
            cursor.execute(change)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tenants_auditcheckpoint (tenant_id, number, first, last, hash, document, created_at)"
        " VALUES (%s, 1, 1, 1, '', '', now())",
        "UPDATE tenants_auditcheckpoint SET tenant_id = %s",
        "DELETE FROM tenants_auditcheckpoint WHERE tenant_id = %s",
    ],
)
def test_the_app_only_reads_checkpoints(committed_cast: Cast, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        tenant_context(committed_cast.acme.pk),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [committed_cast.acme.pk])


def test_a_tenant_sees_only_its_own_chain(committed_cast: Cast) -> None:
    for tenant in (committed_cast.acme, committed_cast.globex):
        with tenant_context(tenant.pk):
            audit.record("test.done")
    with tenant_context(committed_cast.acme.pk):
        assert {link.tenant_id for link in AuditLink.everywhere.all()} == {committed_cast.acme.pk}
        assert AuditEntry.objects.select_related("link").get().link.sequence == 1
