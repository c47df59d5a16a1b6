"""What a backup says of itself: one signed document, written last, so a backup without one is none.

A manifest never names a place: names are derived from the id, and one that differs is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from cutroom import signatures
from cutroom.signatures import SignatureInvalid
from gdpr.backups.errors import Damaged
from gdpr.backups.postgres import Table
from gdpr.backups.sealing import Sealed
from gdpr.backups.stores import Store

KIND = "cutroom-backup/1"
FOLDER = "backups"
FILE = "manifest.signed"
# A manifest has a line for each table and migration; a larger one is not ours.
MAX_BYTES = 4 * 1024 * 1024

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARTS = {"database": "database.dump.zst.age", "media": "media.jsonl.zst.age", "objects": "objects.txt"}


@dataclass(frozen=True, kw_only=True)
class MediaFacts:
    """The files of a backup: how many, how large, and how many could not be read."""

    files: int
    bytes: int
    missing: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One backup. `parts` are database, and for one with media also media (files) and objects."""

    id: str
    instance: str
    label: str
    made_at: datetime
    app_version: str
    server_version: int
    migrations: list[str]
    tables: dict[str, Table]
    recipients: list[str]
    parts: dict[str, Sealed]
    media: MediaFacts | None
    erasures: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Has every file that the database knew at that moment?"""
        return self.media is None or self.media.missing == 0

    def signed(self) -> bytes:
        """The manifest as a signed document."""
        return signatures.sign({"kind": KIND, **asdict(self), "made_at": self.made_at.isoformat()})


def part_name(backup_id: str, part: str) -> str:
    """Where a part of a backup lies."""
    return f"{FOLDER}/{backup_id}/{_PARTS[part]}"


def manifest_name(backup_id: str) -> str:
    """Where the manifest of a backup lies."""
    return f"{FOLDER}/{backup_id}/{FILE}"


def check_id(backup_id: str) -> str:
    """The id, when it is one. Raises Damaged for anything else, such as a path."""
    if not _ID.fullmatch(backup_id):
        raise Damaged(f"{backup_id!r} is not the id of a backup; `backup_status` lists them.")
    return backup_id


def load(backup_id: str, *, store: Store, instance: str) -> Manifest:
    """The manifest of a backup, its signature and every field judged. Raises Damaged."""
    try:
        with store.reading(manifest_name(check_id(backup_id))) as reader:
            signed = reader.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Damaged(f"There is no backup {backup_id}, or it was never finished.") from None
    manifest = parse(signed)
    if (manifest.id, manifest.instance) != (backup_id, instance):
        raise Damaged(
            f"The manifest is that of {manifest.id} of {manifest.instance}; it was moved or renamed."
        )
    return manifest


def parse(signed: bytes) -> Manifest:
    """A manifest from its signed bytes. Raises Damaged for a bad signature, shape, name or number."""
    try:
        document = signatures.read(signed[:MAX_BYTES], kind=KIND)
        return _build(document)
    except SignatureInvalid as error:
        raise Damaged(f"The manifest is not ours: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"The manifest is signed but malformed: {error!r}") from error


def ids(store: Store) -> Iterator[str]:
    """The ids of all finished backups, oldest first. A name that is no id is not followed."""
    for name, _ in store.names(f"{FOLDER}/"):
        backup_id, _, file = name.removeprefix(f"{FOLDER}/").partition("/")
        if file == FILE and _ID.fullmatch(backup_id):
            yield backup_id


def _build(document: Mapping[str, Any]) -> Manifest:
    backup_id = check_id(document["id"])
    media = document["media"]
    parts = {name: _part(backup_id, name, row) for name, row in document["parts"].items()}
    if set(parts) != ({"database"} if media is None else set(_PARTS)):
        raise ValueError(f"parts {sorted(parts)}")
    return Manifest(
        id=backup_id,
        instance=str(document["instance"]),
        label=str(document["label"]),
        made_at=datetime.fromisoformat(document["made_at"]),
        app_version=str(document["app_version"]),
        server_version=int(document["server_version"]),
        migrations=[str(name) for name in document["migrations"]],
        tables={str(name): Table(**row) for name, row in document["tables"].items()},
        recipients=[str(recipient) for recipient in document["recipients"]],
        parts=parts,
        media=None if media is None else MediaFacts(**media),
        erasures=[str(name) for name in document["erasures"]],
    )


def _part(backup_id: str, part: str, row: Mapping[str, Any]) -> Sealed:
    sealed = Sealed(**row)
    if sealed.name != part_name(backup_id, part):
        raise Damaged(f"The manifest names {sealed.name!r} as its {part}; only a hostile one does.")
    hashes = (sealed.sha256, sealed.plain_sha256)
    if not all(_SHA256.fullmatch(value) for value in hashes) or min(sealed.size, sealed.plain_size) < 0:
        raise Damaged(f"The manifest describes its {part} with impossible numbers.")
    return sealed
