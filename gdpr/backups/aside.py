"""A backup restored beside the live installation: a scratch database and a scratch folder, then judged.

Nothing live is touched here. What is inside the scratch database is settled by a process of its own, so that
this one never points Django at another database.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from cutroom import progress
from gdpr import conf
from gdpr.backups import databases, postgres, sealing, verification
from gdpr.backups.errors import BackupError, Damaged, Refused
from gdpr.backups.manifests import Manifest
from gdpr.backups.postgres import Address
from gdpr.backups.stores import Store
from tenants import storage

# A database of this name is scratch: it is dropped without asking.
SUFFIX = "_aside"


@dataclass(frozen=True, kw_only=True)
class Aside:
    """Where a backup was restored to: a database, and a folder unless the media lie in a bucket."""

    database: str
    media: Path | None


def place() -> Aside:
    """The scratch places of this installation, always the same: what a killed restore left is found again."""
    live, root = conf.database("owner")["NAME"], conf.media_root()
    return Aside(
        database=f"{live[:50]}{SUFFIX}",
        media=root.with_name(f"{root.name}.aside") if root is not None else None,
    )


@contextmanager
def restored(manifest: Manifest, *, store: Store, identities: Sequence[Any]) -> Iterator[Aside]:
    """Restore into the scratch places, compared row by row and byte by byte; removed when the block ends.

    What the block moved elsewhere stays. Raises Damaged when anything differs from the manifest.
    """
    aside = place()
    clear(aside)
    try:
        databases.create(aside.database)
        load_database(manifest, aside.database, store=store, identities=identities)
        compare(manifest, aside.database)
        if aside.media is not None:
            load_media(manifest, aside.media, store=store, identities=identities)
        yield aside
    finally:
        clear(aside)


def clear(aside: Aside) -> None:
    """Remove the scratch places."""
    databases.drop(aside.database)
    if aside.media is not None:
        shutil.rmtree(aside.media, ignore_errors=True)


def load_database(manifest: Manifest, name: str, *, store: Store, identities: Sequence[Any]) -> None:
    """Fill an empty database from the backup's dump. Raises BackupError, Damaged."""
    address = Address.of("owner", name=name)
    with postgres.loading(address, server=manifest.server_version) as pipe:
        sealing.unseal(manifest.parts["database"], pipe, store=store, identities=identities)


def compare(manifest: Manifest, name: str) -> None:
    """Every table has the rows and the checksum of the manifest. Raises Damaged with those that differ."""
    with postgres.snapshot(Address.of("owner", name=name)) as seen:
        found = seen.tables()
    wrong = sorted(
        table
        for table in found.keys() | manifest.tables.keys()
        if found.get(table) != manifest.tables.get(table)
    )
    if wrong:
        raise Damaged(f"After the restore these tables differ from the backup: {', '.join(wrong)}.")


def load_media(manifest: Manifest, root: Path, *, store: Store, identities: Sequence[Any]) -> None:
    """Write every file of the backup below `root`, whole or not at all. Raises Damaged, Refused."""
    room, needed = shutil.disk_usage(root.parent).free, manifest.media.bytes if manifest.media else 0
    if needed >= room:
        raise Refused(f"The media need {needed} bytes beside {root}; {room} are free.")
    root.mkdir(mode=0o700)
    found = verification.entries(manifest, store=store, identities=identities)
    for entry in progress.each("Media", found, total=manifest.media.files if manifest.media else None):
        target = root / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            sealing.unseal(entry.sealed, file, store=store, identities=identities)


def fill_bucket(
    manifest: Manifest, *, store: Store, identities: Sequence[Any], erased: Sequence[str]
) -> None:
    """Bring files that the media bucket lacks back into it, except those of tenants erased since."""
    gone = tuple(f"tenants/{tenant}/" for tenant in erased)
    for entry in verification.entries(manifest, store=store, identities=identities):
        if entry.path.startswith(gone) or storage.file_exists(entry.path):
            continue
        with tempfile.TemporaryDirectory(prefix="cutroom-") as folder:
            copy = Path(folder) / "file"
            with copy.open("xb") as file:
                sealing.unseal(entry.sealed, file, store=store, identities=identities)
            storage.store_file(entry.path, copy)


def settle(
    aside: Aside,
    manifest: Manifest,
    *,
    store: Store,
    identities: Sequence[Any],
    is_drill: bool,
    keeps_api_keys: bool = False,
) -> dict[str, Any]:
    """Run `manage.py settle_restored` on the scratch places; what it did. Raises BackupError.

    It is told which files the backup holds for a bucket, where they are not put before the end.
    """
    command = [sys.executable, "-m", "django", "settle_restored", manifest.id]
    flags = [("--drill", is_drill), ("--keep-api-keys", keeps_api_keys)]
    with tempfile.TemporaryFile("w+") as held:
        if aside.media is None:
            entries = verification.entries(manifest, store=store, identities=identities)
            held.writelines(f"{entry.path}\n" for entry in entries)
            held.seek(0)
        finished = subprocess.run(
            command + [flag for flag, is_set in flags if is_set],
            cwd=settings.BASE_DIR,
            env=_environment(aside),
            stdin=held,
            capture_output=True,
            text=True,
            check=False,
        )
    if finished.returncode != 0:
        raise BackupError(f"The restored copy could not be settled: {finished.stderr.strip()[-2000:]}")
    report: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return report


def close_own_connections() -> None:
    """Let go of every connection of this process, pools too."""
    connections.close_all()
    for alias in connections:
        connection: Any = connections[alias]
        connection.close_pool()


def _environment(aside: Aside) -> dict[str, str]:
    given = {
        "DATABASE_NAME": aside.database,
        "BACKUP_STORE": conf.backup_store(),
        "BACKUP_INSTANCE": conf.instance(),
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    if aside.media is not None:
        given["MEDIA_DIR"] = str(aside.media)
    return {**os.environ, **given}
