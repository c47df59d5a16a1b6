"""Which backups there are, read from the store alone: the database may be the thing that was lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cutroom import signatures
from cutroom.signatures import SignatureInvalid
from gdpr import conf
from gdpr.backups import manifests
from gdpr.backups.errors import Damaged
from gdpr.backups.manifests import MediaFacts
from gdpr.backups.stores import Store

KIND = "cutroom-backup-check/1"
MAX_BYTES = 64 * 1024


class Level(StrEnum):
    """How much a check proved, each more than the one before."""

    STORED = "stored"
    OPENED = "opened"
    RESTORED = "restored"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One finished backup and what the checks of it found."""

    id: str
    made_at: datetime
    is_complete: bool = True
    database_bytes: int = 0
    media: MediaFacts | None = None
    recipients: tuple[str, ...] = ()
    verified_at: datetime | None = None
    drilled_at: datetime | None = None
    recovery_seconds: float | None = None


def listed(store: Store) -> list[Listed]:
    """Every backup whose manifest is ours, oldest first."""
    return [entry for backup_id in manifests.ids(store) if (entry := _entry(backup_id, store)) is not None]


def unreadable(store: Store) -> list[str]:
    """The ids whose manifest is there but not ours: changed, damaged, or signed by an unknown key."""
    return [backup_id for backup_id in manifests.ids(store) if _entry(backup_id, store) is None]


def note_check(
    backup_id: str, level: Level, *, at: datetime, seconds: float, facts: dict[str, Any], store: Store
) -> None:
    """Write down beside the backup that a check of that level went well."""
    document = {
        "kind": KIND,
        "id": backup_id,
        "level": level.value,
        "at": at.isoformat(),
        "seconds": round(seconds, 3),
        "facts": facts,
    }
    with store.writing(_name(backup_id, level)) as writer:
        writer.write(signatures.sign(document))


def _entry(backup_id: str, store: Store) -> Listed | None:
    try:
        manifest = manifests.load(backup_id, store=store, instance=conf.instance())
    except Damaged:
        return None
    checks = dict(_checks(backup_id, store))
    times = [datetime.fromisoformat(check["at"]) for check in checks.values()]
    drill = checks.get(Level.RESTORED)
    return Listed(
        id=backup_id,
        made_at=manifest.made_at,
        is_complete=manifest.is_complete,
        database_bytes=manifest.parts["database"].size,
        media=manifest.media,
        recipients=tuple(manifest.recipients),
        verified_at=max(times, default=None),
        drilled_at=datetime.fromisoformat(drill["at"]) if drill else None,
        recovery_seconds=drill["seconds"] if drill else None,
    )


def _checks(backup_id: str, store: Store) -> Iterator[tuple[Level, dict[str, Any]]]:
    for level in Level:
        try:
            with store.reading(_name(backup_id, level)) as reader:
                check = signatures.read(reader.read(MAX_BYTES), kind=KIND)
        except (FileNotFoundError, SignatureInvalid):
            continue
        if check["id"] == backup_id:
            yield level, check


def _name(backup_id: str, level: Level) -> str:
    return f"{manifests.FOLDER}/{backup_id}/checked-{level}.signed"
