"""Restoring: beside the live installation or in its place, and what a restored copy may and may not do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import call_command
from pytest_django import Settings

from accounts import outbox, services
from accounts.models import ApiKey, OutboxMail, User
from cutroom import clock
from gdpr.backups import aside, databases, drills, making, manifests, restoring
from gdpr.backups.errors import BackupError, Damaged, Refused
from gdpr.backups.postgres import Address
from gdpr.backups.restoring import Wish
from gdpr.erasure import ledger
from gdpr.erasure.ledger import Entry, Scope
from gdpr.models import BackupRun
from metering.models import QuotaCounter
from rendering.models import Asset, Project
from tenants import holding, storage
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import Cast
from tests.gdpr.conftest import Vault, put

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("scratch_databases")]

REPLACE = Wish(replaces=True, confirmed="testserver", has_safety_backup=False)


def restore(vault: Vault, made: BackupRun, wish: Wish = REPLACE) -> dict[str, Any]:
    return restoring.restore(vault.manifest(made), wish, store=vault.store, identities=vault.identities)


def ask(database: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of another database, as the owner sees them."""
    with Address.of("owner", name=database).connect() as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.fixture
def guest() -> Iterator[psycopg.Connection]:
    """Somebody of the app role who stays connected to the live database."""
    live = Address.of("owner")
    given: Any = django_settings.DATABASES["default"]
    connection = dataclasses.replace(live, user=given["USER"], password=given["PASSWORD"]).connect()
    yield connection
    connection.close()


def test_by_default_the_copy_lies_beside_and_the_live_one_is_not_touched(
    vault: Vault, made: BackupRun, acme_at_work: Cast, media: Path
) -> None:
    with tenant_context(acme_at_work.acme.pk):
        Project.objects.all().delete()
    report = restore(vault, made, Wish())
    assert report["is_live"] is False
    assert ask(report["database"], "SELECT count(*) FROM rendering_project") == [(1,)]
    copy = Path(report["media"])
    assert {path.name for path in copy.rglob("*.jpg")} == {"one.jpg", "two.jpg", "twin.jpg"}
    assert copy != media
    with tenant_context(acme_at_work.acme.pk):
        assert not Project.objects.exists()
    assert not holding.is_held()
    with pytest.raises(Refused, match="--into"):
        restore(vault, made, Wish())


def test_what_lived_before_is_kept_under_another_name_and_backed_up(
    vault: Vault, made: BackupRun, acme_at_work: Cast, media: Path, tmp_path: Path
) -> None:
    put(acme_at_work, "later.jpg", b"later", tmp_path)
    report = restore(vault, made, dataclasses.replace(REPLACE, has_safety_backup=True))
    assert report["safety_backup"] in list(manifests.ids(vault.store))
    assert ask(report["kept_as"], "SELECT count(*) FROM tenants_tenant") == [(2,)]
    kept = media.with_name(f"media.{report['kept_as']}")
    assert [path.name for path in kept.rglob("later.jpg")] == ["later.jpg"]
    assert [path.name for path in media.rglob("later.jpg")] == []
    assert not databases.exists(aside.place().database)


def test_a_server_set_up_a_moment_ago_is_replaced_without_a_safety_backup(
    vault: Vault, made: BackupRun, acme_at_work: Cast, media: Path
) -> None:
    live = Address.of("owner").name
    aside.close_own_connections()
    databases.drop(live)
    databases.create(live)
    report = restore(vault, made, dataclasses.replace(REPLACE, has_safety_backup=True))
    assert "safety_backup" not in report
    assert set(Tenant.objects.using("ops").values_list("slug", flat=True)) == {"acme", "globex"}


def test_while_somebody_is_connected_nothing_is_replaced(
    vault: Vault,
    made: BackupRun,
    acme_at_work: Cast,
    media: Path,
    tmp_path: Path,
    guest: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(databases, "DRAIN_SECONDS", 0.3)
    put(acme_at_work, "later.jpg", b"later", tmp_path)
    with pytest.raises(Refused, match=r"1 of role app\). Stop web, worker and beat"):
        restore(vault, made)
    assert [path.name for path in media.rglob("later.jpg")] == ["later.jpg"]
    assert guest.execute("SELECT 1").fetchone() == (1,)
    assert not databases.exists(aside.place().database)
    assert aside.place().media is not None
    assert not aside.place().media.exists()  # type: ignore[union-attr]  # just asserted


@pytest.mark.fault(44, breaks=["I4"])
def test_a_tenant_erased_after_the_backup_stays_erased(
    vault: Vault, made: BackupRun, acme_at_work: Cast, media: Path
) -> None:
    acme, bob = acme_at_work.acme.pk, acme_at_work.bob.pk
    for scope, subject in ((Scope.TENANT, acme), (Scope.USER, bob)):
        ledger.write(Entry(scope=scope, subject=subject, erased_at=clock.now()), store=vault.store)
    report = restore(vault, made)
    assert report["erased"] == [str(acme)]
    assert set(Tenant.objects.using("ops").values_list("slug", flat=True)) == {"globex"}
    assert not User.objects.filter(pk=bob).exists()
    assert not (media / "tenants" / str(acme)).exists()


def test_a_ledger_that_lost_an_entry_is_refused(vault: Vault, acme_at_work: Cast) -> None:
    entry = Entry(scope=Scope.TENANT, subject=acme_at_work.globex.pk, erased_at=clock.now())
    ledger.write(entry, store=vault.store)
    made = making.make()
    vault.store.delete(entry.name)
    with pytest.raises(BackupError, match="erasure ledger lacks"):
        restore(vault, made)
    assert not holding.is_held()


def test_a_ledger_entry_somebody_else_wrote_is_refused(
    vault: Vault, made: BackupRun, settings: Settings, acme_at_work: Cast
) -> None:
    settings.SIGNING_KEY = "the long secret of somebody else who may write to the store of the backups"
    entry = Entry(scope=Scope.TENANT, subject=acme_at_work.globex.pk, erased_at=clock.now())
    ledger.write(entry, store=vault.store)
    settings.SIGNING_KEY = ""
    with pytest.raises(Damaged, match="not ours"):
        list(ledger.entries(vault.store))
    with pytest.raises(BackupError, match="not ours"):
        restore(vault, made)


def test_keys_end_with_the_sessions_unless_the_operator_keeps_them(vault: Vault, acme_at_work: Cast) -> None:
    with tenant_context(acme_at_work.acme.pk):
        services.rotate_api_key(
            user_id=acme_at_work.alice.pk, grace=clock.now() - clock.now(), at=clock.now()
        )
    made = making.make()
    kept = restore(vault, made, dataclasses.replace(REPLACE, keeps_api_keys=True))
    assert kept["ended"]["api_keys"] == 0
    assert ApiKey.everywhere.using("ops").get().revoked_at is None
    ended = restore(vault, made)
    assert ended["ended"]["api_keys"] == 1
    assert ApiKey.everywhere.using("ops").get().revoked_at is not None


def test_mail_waits_until_somebody_says_go(vault: Vault, made: BackupRun, acme_at_work: Cast) -> None:
    restore(vault, made)
    context = {"at": clock.now(), "session": None, "site_url": ""}
    outbox.enqueue(
        kind="session_ended",
        recipient="alice@acme.test",
        context=context,
        at=clock.now(),
        useful_for=timedelta(days=1),
    )
    assert outbox.deliver_due() == 0
    assert mail.outbox == []
    call_command("restore", "--go-live")
    assert outbox.deliver_due() == 1
    assert not holding.is_held()


def test_mail_that_waited_in_the_backup_is_not_sent_again(vault: Vault, acme_at_work: Cast) -> None:
    outbox.enqueue(
        kind="session_ended",
        recipient="alice@acme.test",
        context={"at": clock.now(), "session": None, "site_url": ""},
        at=clock.now(),
        useful_for=timedelta(days=1),
    )
    OutboxMail.objects.update(sent_at=None)
    made = making.make()
    restore(vault, made)
    call_command("restore", "--go-live")
    assert outbox.deliver_due() == 0


def test_a_dry_run_verifies_and_changes_nothing(vault: Vault, made: BackupRun, media: Path) -> None:
    before = sorted(media.rglob("*"))
    call_command("restore", "--dry-run", "--identity", str(vault.identity_file), "--into", "elsewhere")
    assert sorted(media.rglob("*")) == before
    assert not databases.exists("elsewhere")
    assert not databases.exists(aside.place().database)


def test_what_a_killed_restore_left_is_in_nobodys_way(vault: Vault, made: BackupRun) -> None:
    left = aside.place()
    assert left.media is not None
    databases.create(left.database)
    left.media.mkdir()
    (left.media / "half").write_bytes(b"x")
    assert restore(vault, made)["is_live"] is True


def test_a_rehearsal_restores_judges_and_drops(vault: Vault, made: BackupRun, media: Path) -> None:
    before = sorted(media.rglob("*"))
    facts = drills.rehearse(vault.manifest(made), store=vault.store, identities=vault.identities)
    made.refresh_from_db()
    assert facts["level"] == "restored"
    assert made.recovery_seconds is not None
    assert made.recovery_seconds > 0
    assert made.drilled_at == made.verified_at
    assert not databases.exists(aside.place().database)
    assert sorted(media.rglob("*")) == before


def test_a_rehearsal_fails_when_a_known_file_is_missing(
    vault: Vault, acme_at_work: Cast, tmp_path: Path
) -> None:
    with tenant_context(acme_at_work.acme.pk):
        key = storage.storage_key(tenant_id=acme_at_work.acme.pk, area="assets", name="gone.jpg")
        Asset.objects.create(
            project=Project.objects.get(),
            kind="image",
            name="gone.jpg",
            content_type="image/jpeg",
            size_bytes=1,
            sha256="0" * 64,
            storage_key=key,
        )
    made = making.make()
    with pytest.raises(BackupError, match=r"gone\.jpg is known to the database, but not there"):
        drills.rehearse(vault.manifest(made), store=vault.store, identities=vault.identities)
    made.refresh_from_db()
    assert made.drilled_at is None


def test_a_rehearsal_fails_when_a_counter_differs_from_its_ledger(vault: Vault, acme_at_work: Cast) -> None:
    with tenant_context(acme_at_work.acme.pk):
        QuotaCounter.objects.create(meter="images_count", period_start=clock.now().date(), used=7, held=0)
    made = making.make()
    with pytest.raises(BackupError, match="differ from the ledger"):
        drills.rehearse(vault.manifest(made), store=vault.store, identities=vault.identities)


def test_a_restored_copy_knows_the_backups_of_its_store(
    vault: Vault, made: BackupRun, acme_at_work: Cast
) -> None:
    later = making.make(label="later")
    restore(vault, made)
    assert set(BackupRun.objects.values_list("pk", flat=True)) == {made.pk, later.pk}
    run = making.make()
    assert run.uploaded_bytes == 0, "the objects of the restored files are in the store already"


def test_media_in_a_bucket_come_back_except_those_of_the_erased(
    vault: Vault, committed_cast: Cast, bucket: str, settings: Settings, tmp_path: Path
) -> None:
    options = {"bucket_name": bucket, "endpoint_url": settings.GDPR_BACKUP_S3_ENDPOINT}
    default = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    kept = put(committed_cast, "kept.jpg", b"kept" * 1000, tmp_path)
    gone = storage.storage_key(tenant_id=committed_cast.globex.pk, area="assets", name="gone.jpg")
    (tmp_path / "gone").write_bytes(b"gone")
    storage.store_file(gone, tmp_path / "gone")
    made = making.make()
    for key in (kept, gone):
        storage.delete_file(key)
    entry = Entry(scope=Scope.TENANT, subject=committed_cast.globex.pk, erased_at=clock.now())
    ledger.write(entry, store=vault.store)
    restore(vault, made)
    with storage.open_file(kept) as file:
        assert file.read() == b"kept" * 1000
    assert not storage.file_exists(gone)
