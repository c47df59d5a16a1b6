"""Who was erased: opaque ids in signed objects beside the backups, outside of every dump.

A restore repeats each entry, so a backup made before an erasure does not bring anybody back. An entry is
written before the first row goes, and says nothing about the person but an id that no longer leads anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cutroom import signatures
from cutroom.signatures import SignatureInvalid
from gdpr import conf
from gdpr.backups import manifests
from gdpr.backups.errors import Damaged
from gdpr.backups.stores import Store

KIND = "cutroom-erasure/1"
FOLDER = "erasures"
MAX_BYTES = 4096


class Scope(StrEnum):
    """What an id names: a whole tenant, or one person."""

    TENANT = "tenant"
    USER = "user"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One erasure: of whom, and when it became final."""

    scope: Scope
    subject: UUID
    erased_at: datetime

    @property
    def name(self) -> str:
        """Where it lies; the same subject is never written twice."""
        return f"{FOLDER}/{self.scope}-{self.subject}.signed"


def write(entry: Entry, *, store: Store) -> None:
    """Make an erasure known to every later restore. Again: no harm."""
    document = {
        "kind": KIND,
        "instance": conf.instance(),
        "scope": entry.scope.value,
        "subject": str(entry.subject),
        "erased_at": entry.erased_at.isoformat(),
    }
    with store.writing(entry.name) as writer:
        writer.write(signatures.sign(document))


def names(store: Store) -> list[str]:
    """The name of every entry, for the manifest of a backup: a later one tells when entries were removed."""
    return [name for name, _ in store.names(f"{FOLDER}/")]


def entries(store: Store) -> Iterator[Entry]:
    """Every erasure there was.

    Raises Damaged for an entry that is not ours, and for one that a manifest knows and the store does not:
    a restore that forgets an erasure would be worse than none.
    """
    present = names(store)
    lost = sorted(_promised(store) - set(present))
    if lost:
        raise Damaged(f"The erasure ledger lacks {', '.join(lost)}; put them back from a copy of the store.")
    yield from (_read(name, store) for name in present)


def _promised(store: Store) -> set[str]:
    ids = list(manifests.ids(store))
    return set(manifests.load(ids[-1], store=store, instance=conf.instance()).erasures) if ids else set()


def _read(name: str, store: Store) -> Entry:
    try:
        with store.reading(name) as reader:
            document = signatures.read(reader.read(MAX_BYTES), kind=KIND)
        entry = Entry(
            scope=Scope(document["scope"]),
            subject=UUID(document["subject"]),
            erased_at=datetime.fromisoformat(document["erased_at"]),
        )
    except (SignatureInvalid, KeyError, ValueError) as error:
        raise Damaged(f"The erasure ledger's {name} is not ours: {error}") from error
    if entry.name != name:
        raise Damaged(f"The erasure ledger's {name} is that of {entry.name}; it was renamed.")
    return entry
