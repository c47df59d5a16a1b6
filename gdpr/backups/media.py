"""Media in a backup: each content is stored once, encrypted, under an address that only we can compute.

A file is read again only when its size or time changed. Files are copied before and after the snapshot of the
database, so that one deleted in between is still there for the rows that know it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from django.db.models.functions import Collate

from cutroom import progress
from gdpr import conf
from gdpr.backups import sealing
from gdpr.backups.errors import Damaged
from gdpr.backups.sealing import DigestingReader, LineReader, Sealed
from gdpr.backups.stores import Store
from gdpr.models import BackedUpFile
from tenants import storage
from tenants.facts import Facts

logger = logging.getLogger(__name__)

OBJECTS = "objects"
# An export is a copy of everything else, and lives for a day.
SKIPPED_AREAS = frozenset({"exports"})
BATCH = 500

_PATH = re.compile(r"tenants/[0-9a-f-]{36}/[a-z]+(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
_OBJECT = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{64}-[0-9a-f]{8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a backup's list of files."""

    path: str
    size: int
    sha256: str
    object_name: str
    object_size: int
    object_sha256: str

    @property
    def sealed(self) -> Sealed:
        """The object that holds the file."""
        return Sealed(
            name=self.object_name,
            size=self.object_size,
            sha256=self.object_sha256,
            plain_size=self.size,
            plain_sha256=self.sha256,
            is_compressed=False,
        )


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one walk over the media did."""

    uploaded_bytes: int = 0
    missing: int = 0


def copy_new(
    run: str, *, store: Store, recipients: Sequence[str], sealed_until: datetime | None = None
) -> Pass:
    """Bring every file that is not in the store there, and mark all files as seen by `run`.

    Audit checkpoints sealed after `sealed_until` are left out: the snapshot of the database ends before them,
    and would look cut off.
    """
    uploaded = missing = 0
    seen = progress.each("Media", walk())
    for batch in _batched(file for file in seen if not _is_later_seal(file, sealed_until)):
        rows, lost = _copy_batch(batch, run=run, store=store, recipients=recipients)
        uploaded, missing = uploaded + rows, missing + lost
    return Pass(uploaded_bytes=uploaded, missing=missing)


def walk() -> Iterator[Facts]:
    """Every tenant's every file, except exports and half-written ones."""
    for file in storage.objects_below(storage.ROOT):
        if file.key.split("/")[2] not in SKIPPED_AREAS:
            yield file


def new_bytes() -> int:
    """An upper bound of what `copy_new` would store now: files whose size or time the index does not know."""
    total = 0
    for files in _batched(walk()):
        known = BackedUpFile.objects.in_bulk([file.key for file in files])
        total += sum(file.size_bytes for file in files if not _is_unchanged(file, known.get(file.key)))
    return total


def put_lists(
    run: str, *, store: Store, recipients: Sequence[str], names: dict[str, str]
) -> dict[str, Sealed]:
    """Store the two lists of a backup: its files (encrypted), and the objects they need (plain)."""
    seen = BackedUpFile.objects.filter(run=run)
    files = (_line(row) for row in seen.order_by("path").iterator(chunk_size=2_000))
    fields = ("object_name", "object_size", "object_sha256")
    objects = seen.values_list(*fields).distinct().order_by(Collate("object_name", "C"))
    lines = (f"{name} {size} {sha256}".encode() for name, size, sha256 in objects.iterator(chunk_size=2_000))
    return {
        "media": sealing.seal(LineReader(files), store=store, name=names["media"], recipients=recipients),
        "objects": sealing.put_plain(LineReader(lines), store=store, name=names["objects"]),
    }


def forget_others(run: str) -> None:
    """Drop what the index knows of files that are gone."""
    BackedUpFile.objects.exclude(run=run).delete()


def parse_entry(line: bytes) -> Entry:
    """A line of the list of files. Raises Damaged for a path that leaves its tenant's folder."""
    try:
        entry = Entry(**json.loads(line))
        is_sound = (
            _PATH.fullmatch(entry.path)
            and ".." not in entry.path
            and _OBJECT.fullmatch(entry.object_name)
            and _SHA256.fullmatch(entry.sha256)
            and _SHA256.fullmatch(entry.object_sha256)
            and min(entry.size, entry.object_size) >= 0
        )
    except (TypeError, ValueError) as error:
        raise Damaged(f"The list of files is malformed: {error!r}") from error
    if not is_sound:
        raise Damaged(f"The list of files holds {entry.path!r}, which no tenant's file is called.")
    return entry


def object_of(line: str) -> tuple[str, int, str]:
    """(name, bytes, SHA-256) from a line of the list of objects. Raises Damaged."""
    name, _, rest = line.partition(" ")
    size, _, sha256 = rest.partition(" ")
    if not (_OBJECT.fullmatch(name) and size.isdigit() and _SHA256.fullmatch(sha256)):
        raise Damaged(f"The list of objects holds {line[:200]!r}.")
    return name, int(size), sha256


def _is_later_seal(file: Facts, until: datetime | None) -> bool:
    return until is not None and file.key.split("/")[2] == "audit" and file.modified_at > until


def _copy_batch(
    files: Sequence[Facts], *, run: str, store: Store, recipients: Sequence[str]
) -> tuple[int, int]:
    known = BackedUpFile.objects.in_bulk([file.key for file in files])
    unchanged, uploaded, missing = [], 0, 0
    for file in files:
        try:
            if _is_unchanged(file, known.get(file.key)):
                unchanged.append(file.key)
            else:
                uploaded += _bring(file, run=run, store=store, recipients=recipients)
        except OSError as error:
            logger.warning("backup_missed_file", extra={"error": type(error).__name__})
            missing += 1
    BackedUpFile.objects.filter(path__in=unchanged).update(run=run)
    return uploaded, missing


def _is_unchanged(file: Facts, known: BackedUpFile | None) -> bool:
    return known is not None and (known.size, known.modified_at) == (file.size_bytes, file.modified_at)


def _bring(file: Facts, *, run: str, store: Store, recipients: Sequence[str]) -> int:
    """Note a new file in the index; how many bytes had to be stored for it. Raises OSError."""
    if not _PATH.fullmatch(file.key) or ".." in file.key:
        raise FileNotFoundError("no tenant's file is called so")
    row = BackedUpFile(
        path=file.key,
        size=file.size_bytes,
        modified_at=file.modified_at,
        sha256=_hash(file.key),
        run=run,
    )
    twin = BackedUpFile.objects.filter(sha256=row.sha256, size=row.size).first()
    if twin is not None:
        row.object_name, row.object_size = twin.object_name, twin.object_size
        row.object_sha256 = twin.object_sha256
        row.save()
        return 0
    with storage.open_file(file.key) as source:
        name = _new_address(row.sha256)
        sealed = sealing.seal(source, store=store, name=name, recipients=recipients, is_compressed=False)
    if (sealed.plain_sha256, sealed.plain_size) != (row.sha256, row.size):
        raise OSError("the file changed while it was read")
    row.object_name, row.object_size, row.object_sha256 = sealed.name, sealed.size, sealed.sha256
    row.save()
    return sealed.size


def _new_address(sha256: str) -> str:
    # The ending keeps an object from ever being written twice: an older backup knows the first one's bytes.
    address = hmac.new(conf.address_key(), sha256.encode(), hashlib.sha256).hexdigest()
    return f"{OBJECTS}/{address[:2]}/{address}-{secrets.token_hex(4)}"


def _hash(key: str) -> str:
    with storage.open_file(key) as source:
        reader = DigestingReader(source)
        while reader.read(sealing.CHUNK_BYTES):
            pass
    return reader.hash.hexdigest()


def _line(row: BackedUpFile) -> bytes:
    entry = Entry(
        path=row.path,
        size=row.size,
        sha256=row.sha256,
        object_name=row.object_name,
        object_size=row.object_size,
        object_sha256=row.object_sha256,
    )
    return json.dumps(asdict(entry), sort_keys=True).encode()


def _batched(files: Iterator[Facts]) -> Iterator[list[Facts]]:
    while batch := list(islice(files, BATCH)):
        yield batch
