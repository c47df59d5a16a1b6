"""`audit_verify` names the first row that is not what was recorded, whatever was done to the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from cutroom import clock
from tenants import audit_seals, audit_verification
from tenants.audit_anchors import Kind
from tenants.audit_verification import Report
from tenants.models import AuditLink, Tenant
from tests.cast import Cast
from tests.tenants.tampering import entry_id, log, rehash, tamper

pytestmark = pytest.mark.committed

EDIT = "UPDATE tenants_auditentry SET action = 'test.undone' WHERE id = %s"
DELETE_LINK = "DELETE FROM tenants_auditlink WHERE tenant_id = %s AND sequence = %s"
RESTORE = "UPDATE tenants_auditlink SET previous = %s, hash = %s WHERE entry_id = %s"
SWAP_CONTENTS = """
UPDATE tenants_auditentry a SET at = b.at, action = b.action, target = b.target, detail = b.detail
FROM tenants_auditentry b WHERE (a.id, b.id) IN ((%s, %s), (%s, %s))
"""
DELETE_ENTRY = "DELETE FROM tenants_auditentry WHERE id = %s"


@pytest.fixture
def acme(committed_cast: Cast, media: Path) -> Tenant:
    """A tenant with twelve entries, the first ten of them sealed."""
    log(committed_cast.acme.pk, entries=10)
    audit_seals.seal_all()
    log(committed_cast.acme.pk, entries=2)
    return committed_cast.acme


def verify(tenant: Tenant) -> Report:
    return audit_verification.verify(tenant.pk, at=clock.now())


def first_problem(tenant: Tenant) -> tuple[Kind, int | None, Any]:
    problem = verify(tenant).problems[0]
    return problem.kind, problem.sequence, problem.entry_id


def delete(tenant: Tenant, sequence: int) -> None:
    tamper(
        (DELETE_ENTRY, [entry_id(tenant.pk, sequence)]),
        (DELETE_LINK, [tenant.pk, sequence]),
    )


def test_an_untouched_log_is_whole(acme: Tenant) -> None:
    report = verify(acme)
    assert (report.problems, report.entries, report.sealed_to) == ([], 12, 10)


@pytest.mark.fault(45, breaks=["I6"])
@pytest.mark.parametrize("sequence", [1, 5, 10, 12])
@pytest.mark.parametrize(
    "change",
    [
        "action = 'test.undone'",
        "target = 'test:666'",
        "at = at - interval '1 microsecond'",
        "is_denied = NOT is_denied",
        "user_id = gen_random_uuid()",
        "operator_id = gen_random_uuid()",
        "request_id = 'x'",
        "detail = detail || '{\"more\": 1}'",
    ],
)
def test_an_edited_row_is_named(acme: Tenant, sequence: int, change: str) -> None:
    wanted = entry_id(acme.pk, sequence)
    tamper((f"UPDATE tenants_auditentry SET {change} WHERE id = %s", [wanted]))  # noqa: S608  # our own texts
    assert first_problem(acme) == (Kind.EDITED, sequence, wanted)


def test_of_several_the_first_is_named(acme: Tenant) -> None:
    wanted = entry_id(acme.pk, 3)
    tamper((EDIT, [entry_id(acme.pk, 7)]), (EDIT, [wanted]))
    assert first_problem(acme) == (Kind.EDITED, 3, wanted)


def test_an_edited_row_that_was_hashed_anew_is_named(acme: Tenant) -> None:
    """Its own hash fits; the next row still names the old one."""
    tail = AuditLink.everywhere.using("ops").get(tenant=acme, sequence=12)
    wanted = entry_id(acme.pk, 11)
    tamper((EDIT, [wanted]))
    rehash(acme.pk, first=11)
    tamper((RESTORE, [tail.previous, tail.hash, tail.pk]))
    assert first_problem(acme) == (Kind.EDITED, 11, wanted)


@pytest.mark.fault(45, breaks=["I6"])
@pytest.mark.parametrize("sequence", [1, 5, 11])
def test_a_deleted_row_is_named(acme: Tenant, sequence: int) -> None:
    """A sealed one even by its id."""
    wanted = entry_id(acme.pk, sequence)
    delete(acme, sequence)
    assert first_problem(acme) == (Kind.DELETED, sequence, wanted if sequence <= 10 else None)


def test_a_deleted_row_whose_place_was_closed_up_is_named(acme: Tenant) -> None:
    """Every later row moved up, and all was hashed anew: sound in itself, but not what was signed."""
    delete(acme, 4)
    for sequence in range(5, 13):
        move = "UPDATE tenants_auditlink SET sequence = sequence - 1 WHERE tenant_id = %s AND sequence = %s"
        tamper((move, [acme.pk, sequence]))
    rehash(acme.pk)
    assert first_problem(acme)[:2] == (Kind.REWRITTEN, 4)


def swap_contents(one: UUID, other: UUID) -> None:
    tamper((SWAP_CONTENTS, [one, other, other, one]))


def swap_entries(one: UUID, other: UUID) -> None:
    move = "UPDATE tenants_auditlink SET entry_id = %s WHERE entry_id = %s"
    aside = uuid4()
    tamper((move, [aside, one]), (move, [one, other]), (move, [other, aside]))


def swap_places(one: UUID, other: UUID) -> None:
    move = "UPDATE tenants_auditlink SET sequence = %s WHERE entry_id = %s"
    tamper((move, [-1, one]), (move, [3, other]), (move, [8, one]))


@pytest.mark.fault(45, breaks=["I6"])
@pytest.mark.parametrize("swap", [swap_contents, swap_entries, swap_places])
def test_swapped_rows_are_named(acme: Tenant, swap: Callable[[UUID, UUID], None]) -> None:
    swap(entry_id(acme.pk, 3), entry_id(acme.pk, 8))
    problem = verify(acme).problems[0]
    assert (problem.kind, problem.sequence) == (Kind.SWAPPED, 3)
    assert problem.entry_id == entry_id(acme.pk, 3)
    assert "3 and 8" in problem.detail


@pytest.mark.fault(45, breaks=["I6"])
@pytest.mark.parametrize("kept", [9, 4, 0])
def test_a_cut_off_tail_is_seen_by_the_checkpoint(acme: Tenant, kept: int) -> None:
    wanted = entry_id(acme.pk, kept + 1)
    for sequence in range(12, kept, -1):
        delete(acme, sequence)
    assert first_problem(acme) == (Kind.TRUNCATED, kept + 1, wanted)


def test_a_tail_that_nobody_sealed_can_be_cut_off_unseen(acme: Tenant) -> None:
    """What a chain cannot show; sealing every quarter of an hour keeps it short."""
    delete(acme, 12)
    assert verify(acme).is_ok


@pytest.mark.fault(45, breaks=["I6"])
@pytest.mark.parametrize("sequence", [1, 6])
def test_a_chain_written_anew_is_seen_by_the_checkpoint(acme: Tenant, sequence: int) -> None:
    """Sound from the start to the end; the sealed segment tells where it begins to differ."""
    wanted = entry_id(acme.pk, sequence)
    tamper((EDIT, [wanted]))
    rehash(acme.pk)
    assert first_problem(acme) == (Kind.REWRITTEN, sequence, wanted)


def test_without_its_segment_the_rewritten_stretch_is_named(acme: Tenant, media: Path) -> None:
    [segment] = media.rglob("*.jsonl")
    segment.unlink()
    tamper((EDIT, [entry_id(acme.pk, 6)]))
    rehash(acme.pk)
    assert first_problem(acme)[:2] == (Kind.REWRITTEN, 1)


def test_an_entry_outside_the_chain_is_named(acme: Tenant) -> None:
    """Somebody switched the trigger off while they wrote."""
    add = """
    INSERT INTO tenants_auditentry (id, tenant_id, at, action, target, is_denied, request_id, detail)
    VALUES (%s, %s, now(), 'test.done', '', false, '', '{}')
    """
    wanted = uuid4()
    tamper((add, [wanted, acme.pk]))
    assert first_problem(acme) == (Kind.UNCHAINED, None, wanted)


def test_a_log_that_nobody_seals_any_more_is_a_problem(acme: Tenant) -> None:
    tomorrow = clock.now() + timedelta(days=1, minutes=1)
    [problem] = audit_verification.verify(acme.pk, at=tomorrow).problems
    assert (problem.kind, problem.sequence) == (Kind.UNSEALED, 11)


def test_tenants_are_judged_apart(acme: Tenant, committed_cast: Cast) -> None:
    log(committed_cast.globex.pk, entries=3)
    tamper((EDIT, [entry_id(acme.pk, 2)]))
    assert verify(committed_cast.globex).is_ok


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    output = StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=output)
    except CommandError as error:
        return error.returncode, output.getvalue()
    return 0, output.getvalue()


def test_the_command_says_whole(acme: Tenant) -> None:
    assert run() == (0, "acme  12 entries, sealed to 10  whole\nglobex  0 entries, sealed to 0  whole\n")


def test_the_command_names_the_row(acme: Tenant) -> None:
    wanted = entry_id(acme.pk, 5)
    tamper((EDIT, [wanted]))
    code, text = run("--tenant", "acme")
    assert code == 1
    assert f"edited: Entry 5 was edited. (row 5, entry {wanted})" in text
    assert run("--tenant", "globex")[0] == 0


def test_the_command_speaks_json(acme: Tenant) -> None:
    tamper((EDIT, [entry_id(acme.pk, 5)]))
    code, text = run("--json")
    report = json.loads(text)
    assert (code, report["ok"], [row["ok"] for row in report["tenants"]]) == (1, False, [False, True])
    [problem] = report["tenants"][0]["problems"]
    assert (problem["kind"], problem["sequence"]) == ("edited", 5)


def test_the_command_knows_no_such_tenant(acme: Tenant) -> None:
    assert run("--tenant", "nobody")[0] == 2
