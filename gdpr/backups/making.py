"""Make a backup: files, snapshot of the database, files again, lists, and last of all the signed manifest."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
from django.db.models import Sum

from cutroom import clock
from cutroom.crash_points import crash_at
from gdpr import conf
from gdpr.backups import keys, locks, manifests, media, postgres, retention, sealing
from gdpr.backups.errors import BackupError
from gdpr.backups.manifests import Manifest, MediaFacts
from gdpr.backups.postgres import Address, Snapshot
from gdpr.backups.sealing import Sealed
from gdpr.backups.stores import Store, open_store
from gdpr.erasure import ledger
from gdpr.models import BackedUpFile, BackupRun, BackupState

logger = logging.getLogger(__name__)

# Room for the lists, the manifest and what the file system takes for itself.
SPARE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a backup would do now."""

    store: str
    recipients: list[str]
    database_bytes: int
    new_media_bytes: int
    free_bytes: int | None

    @property
    def fits(self) -> bool:
        """Is there room? The dump is counted uncompressed."""
        return (
            self.free_bytes is None
            or self.database_bytes + self.new_media_bytes + SPARE_BYTES < self.free_bytes
        )


def the_store() -> Store:
    """The part of the backup store that belongs to this installation."""
    return open_store(f"{conf.backup_store().rstrip('/')}/{conf.instance()}")


def plan(*, has_media: bool = True) -> Plan:
    """What `make` would store, and whether it fits. Changes nothing."""
    with postgres.snapshot(Address.of("backup")) as seen:
        database_bytes = seen.size
    return Plan(
        store=conf.backup_store(),
        recipients=keys.recipients(),
        database_bytes=database_bytes,
        new_media_bytes=media.new_bytes() if has_media else 0,
        free_bytes=the_store().free_bytes(),
    )


def make(*, label: str = "", has_media: bool = True) -> BackupRun:
    """Make a backup and remove those that are too old; returns its row, succeeded or incomplete.

    Raises Locked, or BackupError with a failed row left behind. Nothing is listed as a backup until its
    manifest is stored, so one that was killed is simply not there.
    """
    with locks.only_one():
        store = the_store()
        store.remove_leftovers()
        _close_dead_runs()
        run = BackupRun.objects.create(id=_new_id(clock.now()), label=label, started_at=clock.now())
        with _noted(run):
            _refuse_full_disk(plan(has_media=has_media))
            recipients = keys.recipients()
            keys.plant_canaries(recipients, store=store)
            manifest = _store_all(run, store=store, recipients=recipients, has_media=has_media)
            _note(run, manifest)
        retention.prune(store=store, at=clock.now())
    _ping()
    return run


def _store_all(run: BackupRun, *, store: Store, recipients: list[str], has_media: bool) -> Manifest:
    parts: dict[str, Sealed] = {}
    facts = None
    before = media.copy_new(run.pk, store=store, recipients=recipients) if has_media else media.Pass()
    crash_at("backup_after_media")
    address = Address.of("backup")
    with postgres.snapshot(address) as seen:
        made_at, tables, migrations, server = (
            clock.now(),
            seen.tables(),
            seen.migrations(),
            seen.server_version,
        )
        parts["database"] = _store_database(run, address, seen, store=store, recipients=recipients)
    crash_at("backup_after_database")
    if has_media:
        after = media.copy_new(run.pk, store=store, recipients=recipients, sealed_until=made_at)
        media.forget_others(run.pk)
        run.uploaded_bytes = before.uploaded_bytes + after.uploaded_bytes
        names = {part: manifests.part_name(run.pk, part) for part in ("media", "objects")}
        parts |= media.put_lists(run.pk, store=store, recipients=recipients, names=names)
        facts = _media_facts(run, missing=after.missing)
    crash_at("backup_before_manifest")
    manifest = Manifest(
        id=run.pk,
        instance=conf.instance(),
        label=run.label,
        made_at=made_at,
        app_version=conf.version(),
        server_version=server,
        migrations=migrations,
        tables=tables,
        recipients=recipients,
        parts=parts,
        media=facts,
        erasures=ledger.names(store),
    )
    with store.writing(manifests.manifest_name(run.pk)) as writer:
        writer.write(manifest.signed())
    crash_at("backup_after_manifest")
    return manifest


def _store_database(
    run: BackupRun, address: Address, seen: Snapshot, *, store: Store, recipients: list[str]
) -> Sealed:
    name = manifests.part_name(run.pk, "database")
    with postgres.dump(address, seen) as source:
        return sealing.seal(source, store=store, name=name, recipients=recipients)


def _media_facts(run: BackupRun, *, missing: int) -> MediaFacts:
    mine = BackedUpFile.objects.filter(run=run.pk)
    total = mine.aggregate(total=Sum("size"))["total"] or 0
    return MediaFacts(files=mine.count(), bytes=total, missing=missing)


@contextmanager
def _noted(run: BackupRun) -> Iterator[None]:
    """Leave no run open: a failure is written down, and what it stored so far goes with the next one."""
    try:
        yield
    except BaseException as error:
        run.state, run.finished_at = BackupState.FAILED, clock.now()
        run.error = str(error)[:1000] or type(error).__name__
        run.save()
        logger.exception("backup_failed", extra={"backup": run.pk})
        raise


def _note(run: BackupRun, manifest: Manifest) -> None:
    run.state = BackupState.SUCCEEDED if manifest.is_complete else BackupState.INCOMPLETE
    run.finished_at = clock.now()
    run.database_bytes = manifest.parts["database"].size
    if manifest.media is not None:
        run.media_files, run.media_bytes = manifest.media.files, manifest.media.bytes
        run.error = f"{manifest.media.missing} files could not be read." if manifest.media.missing else ""
    run.save()
    logger.info("backup_made", extra={"backup": run.pk, "state": run.state, "bytes": run.database_bytes})


def _close_dead_runs() -> None:
    # We hold the lock, so whoever still says `running` is dead.
    dead = BackupRun.objects.filter(state=BackupState.RUNNING)
    dead.update(state=BackupState.FAILED, finished_at=clock.now(), error="It was killed.")


def _refuse_full_disk(planned: Plan) -> None:
    if not planned.fits:
        raise BackupError(
            f"{planned.store} has {planned.free_bytes} bytes left; up to "
            f"{planned.database_bytes + planned.new_media_bytes + SPARE_BYTES} are needed. Free some, "
            "or set BACKUP_STORE to another place."
        )


def _new_id(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def _ping() -> None:
    if not conf.backup_ping_url():
        return
    try:
        httpx.get(conf.backup_ping_url(), timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("backup_ping_failed", extra={"error": type(error).__name__})
