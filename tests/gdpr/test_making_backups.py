"""Making backups: what is stored, what only once, and what happens when something fails half-way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from gdpr.backups import keys, locks, making, manifests, postgres, sealing, verification
from gdpr.backups.errors import BackupError, Locked
from gdpr.backups.stores import LocalStore
from gdpr.models import BackedUpFile, BackupRun, BackupState
from tests.cast import Cast
from tests.gdpr.conftest import Vault, everything, put
from tests.workers import wait_until, worker_environment

pytestmark = pytest.mark.committed

CRASH_POINTS = [
    "backup_after_media",
    "backup_after_database",
    "backup_before_manifest",
    "backup_after_manifest",
]


def objects(vault: Vault) -> set[str]:
    return {name for name, _ in vault.store.names("objects/")}


def is_lock_free() -> bool:
    try:
        with locks.only_one():
            return True
    except Locked:
        return False


def test_a_backup_holds_database_and_media(vault: Vault, acme_at_work: Cast) -> None:
    run = making.make(label="first")
    manifest = vault.manifest(run)
    assert run.state == BackupState.SUCCEEDED
    assert manifest.tables["tenants_tenant"].rows == 2
    assert manifest.media is not None
    assert (manifest.media.files, manifest.media.bytes) == (3, 170_000)
    paths = [e.path for e in verification.entries(manifest, store=vault.store, identities=vault.identities)]
    assert paths == sorted(f"tenants/{acme_at_work.acme.pk}/assets/{n}.jpg" for n in ("one", "two", "twin"))


def test_nothing_in_the_store_can_be_read_without_the_key(vault: Vault, acme_at_work: Cast) -> None:
    making.make()
    for name in everything(vault.store):
        content = vault.path(name).read_bytes()
        assert b"acme" not in content
        assert b"1" * 100 not in content


def test_two_files_with_the_same_content_are_stored_once(vault: Vault, acme_at_work: Cast) -> None:
    making.make()
    assert len(objects(vault)) == 2


def test_the_second_backup_stores_only_what_is_new(vault: Vault, acme_at_work: Cast, tmp_path: Path) -> None:
    making.make()
    before = objects(vault)
    put(acme_at_work, "three.jpg", b"3" * 10_000, tmp_path)
    run = making.make()
    assert before < objects(vault)
    assert len(objects(vault) - before) == 1
    assert 10_000 < run.uploaded_bytes < 11_000


def test_a_changed_file_is_stored_again(vault: Vault, acme_at_work: Cast, tmp_path: Path) -> None:
    making.make()
    put(acme_at_work, "two.jpg", b"changed" * 10_000, tmp_path)
    manifest = vault.manifest(making.make())
    sizes = {
        entry.path.rpartition("/")[2]: entry.size
        for entry in verification.entries(manifest, store=vault.store, identities=vault.identities)
    }
    assert sizes == {"one.jpg": 50_000, "twin.jpg": 50_000, "two.jpg": 70_000}
    assert verification.check(manifest, store=vault.store, identities=vault.identities)["objects"] == 2


def test_exports_and_half_written_files_stay_out(vault: Vault, acme_at_work: Cast, media: Path) -> None:
    tenant = media / "tenants" / str(acme_at_work.acme.pk)
    (tenant / "exports").mkdir()
    (tenant / "exports" / "all.zip").write_bytes(b"x")
    (tenant / "assets" / ".one.jpg.part").write_bytes(b"x")
    making.make()
    assert BackedUpFile.objects.count() == 3


def test_a_file_that_cannot_be_read_makes_it_incomplete(
    vault: Vault, acme_at_work: Cast, media: Path
) -> None:
    lost = media / "tenants" / str(acme_at_work.acme.pk) / "assets" / "lost.jpg"
    lost.symlink_to(media / "nowhere")
    run = making.make()
    assert run.state == BackupState.INCOMPLETE
    assert run.error == "1 files could not be read."
    assert vault.manifest(run).is_complete is False


@pytest.mark.fault(43, breaks=["I4"])
def test_only_one_backup_runs_at_a_time(vault: Vault, acme_at_work: Cast) -> None:
    with locks.only_one(), pytest.raises(Locked):
        making.make()
    assert not BackupRun.objects.exists()


@pytest.mark.fault(43, breaks=["I4"])
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_killed_backup_is_not_listed_and_the_next_one_cleans_up(
    vault: Vault, acme_at_work: Cast, tmp_path: Path, settings: Settings, point: str
) -> None:
    once = tmp_path / point
    once.touch()
    environment = worker_environment(
        {
            "CUTROOM_CRASH_POINTS": str(tmp_path),
            "BACKUP_STORE": settings.GDPR_BACKUP_STORE,
            "BACKUP_RECIPIENTS": settings.GDPR_BACKUP_RECIPIENTS[0],
            "MEDIA_DIR": settings.STORAGES["default"]["OPTIONS"]["location"],
        }
    )
    killed = subprocess.run(
        [sys.executable, "manage.py", "backup"], cwd=django_settings.BASE_DIR, env=environment, check=False
    )
    assert killed.returncode == -9
    assert BackupRun.objects.get().state == BackupState.RUNNING
    wait_until(is_lock_free, what="PostgreSQL to notice that the backup is dead")
    finished = point == "backup_after_manifest"
    assert len(list(manifests.ids(vault.store))) == int(finished)

    run = making.make()

    assert BackupRun.objects.exclude(pk=run.pk).get().state == BackupState.FAILED
    assert len(list(manifests.ids(vault.store))) == 1 + int(finished)
    folders = {name.split("/")[1] for name in everything(vault.store) if name.startswith("backups/")}
    assert folders == set(manifests.ids(vault.store))
    assert len(objects(vault)) == 2


@pytest.mark.fault(43, breaks=["I4"])
def test_a_dump_that_fails_in_the_pipe_leaves_nothing(
    vault: Vault, acme_at_work: Cast, tmp_path: Path, settings: Settings
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    fake = programs / "pg_dump"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 18.0" && exit\n'
        'head -c 300000 /dev/zero\necho "disk on fire" >&2\nexit 1\n'
    )
    fake.chmod(0o755)
    settings.GDPR_POSTGRES_PROGRAMS = str(programs)
    postgres.program.cache_clear()
    try:
        with pytest.raises(BackupError, match="disk on fire"):
            making.make()
    finally:
        postgres.program.cache_clear()
    assert list(manifests.ids(vault.store)) == []
    assert not any("dump" in name for name in everything(vault.store))
    assert "disk on fire" in BackupRun.objects.get().error


@pytest.mark.fault(43, breaks=["I4"])
def test_a_store_that_fails_half_way_leaves_nothing_half_written(
    vault: Vault, acme_at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sealing.DigestingWriter.write

    def full(self: sealing.DigestingWriter, piece: bytes) -> int:
        if self.size > 20_000:
            raise OSError(28, "No space left on device")
        return whole(self, piece)

    monkeypatch.setattr(sealing.DigestingWriter, "write", full)
    with pytest.raises((OSError, BackupError)):
        making.make()
    assert list(vault.root.rglob("*.part")) == []
    assert list(manifests.ids(vault.store)) == []


@pytest.mark.fault(43, breaks=["I4"])
def test_a_full_disk_is_refused_before_anything_is_written(
    vault: Vault, acme_at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalStore, "free_bytes", lambda self: 1_000_000)
    with pytest.raises(BackupError, match="1000000 bytes left"):
        making.make()
    assert everything(vault.store) == {}


def test_a_recipient_that_is_no_key_is_named(vault: Vault, acme_at_work: Cast, settings: Settings) -> None:
    settings.GDPR_BACKUP_RECIPIENTS = ["age1nonsense"]
    with pytest.raises(BackupError, match="BACKUP_RECIPIENTS"):
        making.make()


def test_without_a_key_it_says_how_to_make_one(
    vault: Vault, acme_at_work: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.GDPR_BACKUP_RECIPIENTS = []
    settings.CUTROOM_VAR = tmp_path
    with pytest.raises(BackupError, match="backup_keys create"):
        making.make()


def test_development_makes_its_own_key(
    vault: Vault, acme_at_work: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.GDPR_BACKUP_RECIPIENTS = []
    settings.GDPR_CREATES_BACKUP_KEYS = True
    settings.CUTROOM_VAR = tmp_path
    manifest = vault.manifest(making.make())
    assert verification.check(manifest, store=vault.store, identities=keys.identities())["tables"] > 10
    assert (tmp_path / "keys" / keys.IDENTITY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_backup_without_media_says_so(vault: Vault, acme_at_work: Cast) -> None:
    manifest = vault.manifest(making.make(has_media=False))
    assert manifest.media is None
    assert set(manifest.parts) == {"database"}
    assert objects(vault) == set()
