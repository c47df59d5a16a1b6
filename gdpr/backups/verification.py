"""Prove that a backup can be believed: its signature, its bytes, what is inside, and that it restores."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any

from cutroom import clock, progress
from gdpr.backups import catalogue, databases, keys, locks, media, postgres, sealing
from gdpr.backups.catalogue import Level
from gdpr.backups.errors import BackupError, Damaged, DamagedObject
from gdpr.backups.manifests import Manifest
from gdpr.backups.media import Entry
from gdpr.backups.sealing import Sealed
from gdpr.backups.stores import Store
from gdpr.models import BackedUpFile, BackupRun


def verify(
    manifest: Manifest, *, store: Store, identities: Sequence[Any] = (), sample: float = 1.0
) -> dict[str, Any]:
    """Check a backup and write down that it is good; what was counted.

    Without identities every stored byte is compared with the manifest's checksum. With them it is also
    decrypted, decompressed and compared again, and pg_restore reads the dump's table of contents. `sample`
    is the share of the media that is looked at. Raises Damaged at the first thing that is wrong.
    """
    began, level = time.monotonic(), Level.OPENED if identities else Level.STORED
    with locks.only_one(is_shared=True):
        try:
            facts = check(manifest, store=store, identities=identities, sample=sample)
        except DamagedObject as error:
            # The next backup stores the file anew instead of trusting this object.
            if databases.is_installed():
                BackedUpFile.objects.filter(object_name=error.name).delete()
            raise
    seconds = time.monotonic() - began
    note(manifest.id, level, seconds=seconds, facts=facts, store=store)
    return {"id": manifest.id, "level": level.value, "seconds": round(seconds, 3), **facts}


def check(
    manifest: Manifest, *, store: Store, identities: Sequence[Any] = (), sample: float = 1.0
) -> dict[str, Any]:
    """The checks of `verify`, without lock and note."""
    if identities:
        keys.require(manifest.recipients, list(identities))
        _open_database(manifest, store=store, identities=identities)
    else:
        for part in manifest.parts.values():
            sealing.check_stored(part, store=store)
    objects = _check_objects(manifest, store=store, identities=identities, sample=sample)
    return {"tables": len(manifest.tables), "objects": objects, "sample": sample}


def note(backup_id: str, level: Level, *, seconds: float, facts: dict[str, Any], store: Store) -> None:
    """Write down that a check went well: beside the backup, and in its row, if any, for the status pages."""
    at = clock.now()
    catalogue.note_check(backup_id, level, at=at, seconds=seconds, facts=facts, store=store)
    found: dict[str, Any] = {"verified_at": at}
    if level is Level.RESTORED:
        found |= {"drilled_at": at, "recovery_seconds": seconds}
    if databases.is_installed():
        BackupRun.objects.filter(pk=backup_id).update(**found)


def entries(manifest: Manifest, *, store: Store, identities: Sequence[Any]) -> Iterator[Entry]:
    """The files of a backup, one at a time. Raises Damaged before the first one when the list is damaged."""
    part = manifest.parts.get("media")
    if part is None:
        return
    # On disk, not in memory; and no line is acted upon before the last one is proved.
    with TemporaryFile() as scratch:
        sealing.unseal(part, scratch, store=store, identities=identities)
        scratch.seek(0)
        for line in scratch:
            yield media.parse_entry(line)


def _open_database(manifest: Manifest, *, store: Store, identities: Sequence[Any]) -> None:
    try:
        with postgres.listing(server=manifest.server_version) as listing:
            sealing.unseal(manifest.parts["database"], listing, store=store, identities=identities)
    except Damaged:
        raise
    except BackupError as error:
        raise Damaged(f"The dump opens, but PostgreSQL cannot read it: {error}") from error


def _check_objects(manifest: Manifest, *, store: Store, identities: Sequence[Any], sample: float) -> int:
    """How many objects of the media were looked at."""
    if "objects" not in manifest.parts:
        return 0
    sealing.check_stored(manifest.parts["objects"], store=store)
    checked = 0
    for sealed in progress.each("Objects", _objects(manifest, store=store, identities=identities)):
        if sample < 1.0 and random.random() >= sample:  # noqa: S311  # a sample is no secret
            continue
        try:
            if identities:
                sealing.unseal(sealed, None, store=store, identities=identities)
            else:
                sealing.check_stored(sealed, store=store)
        except Damaged as error:
            raise DamagedObject(sealed.name, error) from error
        checked += 1
    return checked


def _objects(manifest: Manifest, *, store: Store, identities: Sequence[Any]) -> Iterator[Sealed]:
    if identities:
        seen = ""
        for entry in entries(manifest, store=store, identities=identities):
            if entry.object_name != seen:
                yield entry.sealed
            seen = entry.object_name
        return
    for line in sealing.plain_lines(manifest.parts["objects"], store=store):
        name, size, sha256 = media.object_of(line)
        yield Sealed(name=name, size=size, sha256=sha256, plain_size=0, plain_sha256="", is_compressed=False)
