"""Sealing: signed checkpoints over sealed segments, in the store and in the database."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from pytest_django import Settings

from cutroom import clock, signatures
from tenants import audit_seals, audit_verification, storage
from tenants.audit_anchors import Kind
from tenants.errors import AuditChainBroken
from tenants.models import AuditCheckpoint, Tenant
from tests.cast import Cast
from tests.tenants.tampering import entry_id, log, tamper
from tests.threads import at_once

pytestmark = pytest.mark.committed

EDIT = "UPDATE tenants_auditentry SET action = 'test.undone' WHERE id = %s"


@pytest.fixture
def acme(committed_cast: Cast, media: Path) -> Tenant:
    """A tenant with five entries, sealed, and three more, sealed too."""
    for entries in (5, 3):
        log(committed_cast.acme.pk, entries=entries)
        audit_seals.seal_all()
    return committed_cast.acme


def folder(media: Path, tenant: Tenant) -> Path:
    return media / "tenants" / str(tenant.pk) / "audit"


def kinds(tenant: Tenant) -> list[Kind]:
    return [problem.kind for problem in audit_verification.verify(tenant.pk, at=clock.now()).problems]


def test_each_line_of_a_segment_names_the_hash_of_the_one_before(acme: Tenant, media: Path) -> None:
    """So `sha256sum` is enough to check it."""
    lines = (folder(media, acme) / "000001.jsonl").read_bytes().splitlines()
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    entries = [json.loads(line) for line in lines]
    assert [entry["sequence"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["previous"] for entry in entries] == ["0" * 64, *hashes[:-1]]
    assert entries[4]["action"] == "test.done"
    stated = signatures.read(
        (folder(media, acme) / "000001.checkpoint").read_bytes(), kind="audit checkpoint"
    )
    assert (stated["first"], stated["last"], stated["hash"]) == (1, 5, hashes[-1])


def test_each_checkpoint_names_the_one_before(acme: Tenant, media: Path) -> None:
    first, second = ((folder(media, acme) / f"00000{n}.checkpoint").read_bytes() for n in (1, 2))
    stated = signatures.read(second, kind="audit checkpoint")
    assert (stated["first"], stated["last"]) == (6, 8)
    assert stated["previous"] == hashlib.sha256(first).hexdigest()


def test_nothing_new_makes_no_checkpoint(acme: Tenant) -> None:
    assert audit_seals.seal_all() == 0
    assert AuditCheckpoint.everywhere.using("ops").count() == 2


def test_a_long_stretch_takes_several(
    committed_cast: Cast, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_seals, "ENTRIES_AT_MOST", 2)
    log(committed_cast.acme.pk, entries=5)
    assert audit_seals.seal_all() == 3
    assert kinds(committed_cast.acme) == []


def test_sealing_at_once_seals_once(committed_cast: Cast, media: Path) -> None:
    log(committed_cast.acme.pk, entries=5)
    made = at_once(lambda _: audit_seals.seal(committed_cast.acme.pk, at=clock.now()), count=4)
    assert len([checkpoint for checkpoint in made if checkpoint]) == 1


def test_what_does_not_verify_is_never_signed(acme: Tenant, committed_cast: Cast) -> None:
    """The log of another tenant is sealed all the same."""
    log(acme.pk, entries=2)
    log(committed_cast.globex.pk, entries=1)
    tamper((EDIT, [entry_id(acme.pk, 9)]))
    with pytest.raises(AuditChainBroken):
        audit_seals.seal(acme.pk, at=clock.now())
    assert audit_seals.seal_all() == 1


def test_a_crash_before_storing_is_made_good(
    committed_cast: Cast, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(committed_cast.acme.pk, entries=2)
    with monkeypatch.context() as broken:
        broken.setattr(storage, "store_file", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space"):
            audit_seals.seal_all()
    assert kinds(committed_cast.acme) == []
    audit_seals.seal_all()
    assert {path.name for path in folder(media, committed_cast.acme).iterdir()} == {
        "000001.jsonl",
        "000001.checkpoint",
    }
    assert kinds(committed_cast.acme) == []


def test_a_changed_segment_is_seen(acme: Tenant, media: Path) -> None:
    path = folder(media, acme) / "000001.jsonl"
    path.write_text(path.read_text().replace("test:1", "test:7"))
    assert kinds(acme) == [Kind.SEGMENT_CHANGED]


@pytest.mark.parametrize("name", ["000001.checkpoint", "000002.checkpoint"])
def test_a_checkpoint_missing_in_the_store_is_seen(acme: Tenant, media: Path, name: str) -> None:
    (folder(media, acme) / name).unlink()
    assert kinds(acme) == [Kind.CHECKPOINT_LOST]


@pytest.mark.parametrize("number", [1, 2])
def test_a_checkpoint_deleted_in_the_database_is_seen(acme: Tenant, number: int) -> None:
    AuditCheckpoint.everywhere.using("ops").filter(number=number).delete()
    assert kinds(acme) == [Kind.CHECKPOINT_LOST]


def test_a_checkpoint_moved_back_is_seen(acme: Tenant, media: Path) -> None:
    """A true document in a false place."""
    place = folder(media, acme)
    (place / "000002.checkpoint").write_bytes((place / "000001.checkpoint").read_bytes())
    assert kinds(acme) == [Kind.CHECKPOINT_FORGED]


def test_a_checkpoint_signed_by_somebody_else_is_seen(acme: Tenant, media: Path, settings: Settings) -> None:
    path = folder(media, acme) / "000002.checkpoint"
    stated = signatures.read(path.read_bytes(), kind="audit checkpoint")
    ours, settings.SIGNING_KEY = settings.SIGNING_KEY, "somebody-elses-key"
    path.write_bytes(signatures.sign(stated))
    settings.SIGNING_KEY = ours
    assert kinds(acme) == [Kind.CHECKPOINT_FORGED]
