"""The register of processing (GDPR article 30), made from the data map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from cutroom.personal_data import AppData, Basis, Category, Erasure, Table, ThirdParty
from gdpr import conf, retention
from gdpr.conf import Controller
from gdpr.data_map import data_map

SECURITY = [
    "Two walls between workspaces: the code names the workspace, and the database hides every other",
    "The program's database role owns no table and cannot step over row security",
    "Secrets are kept as hashes or sealed; sign-in links work once and for ten minutes",
    "Traffic is encrypted (TLS with HSTS); pages forbid foreign scripts",
    "Backups are encrypted for a key that is not on the server, and a restore is practised every week",
    "An append-only log with a hash chain tells who did what",
]
SUBJECTS = "People who sign in, and people named or shown in what they write and upload"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where data lies: a table, a storage area, cache keys or a stream."""

    kind: str
    name: str
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One purpose, and everything that is kept for it."""

    purpose: str
    bases: list[Basis]
    categories: list[Category]
    kept: list[str]
    erasure: list[Erasure]
    places: list[Place]

    @property
    def is_personal(self) -> bool:
        """Is there any legal basis to name, or is it about nobody?"""
        return self.bases != [Basis.NONE]


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A third party, and whether this installation sends it anything."""

    party: ThirdParty
    is_in_use: bool


@dataclass(frozen=True, kw_only=True)
class Register:
    """Everything article 30(1) asks for."""

    controller: Controller
    subjects: str
    activities: list[Activity]
    recipients: list[Recipient]
    security: list[str]

    def as_document(self) -> dict[str, Any]:
        """The register as JSON takes it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    purpose: str
    basis: Basis
    categories: list[Category]
    kept: str
    erasure: Erasure
    place: Place


def register() -> Register:
    """The register of this installation. The same code and settings give the same register."""
    entries = [entry for data in data_map().declared.values() for entry in _entries(data)]
    entries.sort(key=lambda entry: entry.purpose)
    return Register(
        controller=conf.controller(),
        subjects=SUBJECTS,
        activities=[_activity(purpose, list(each)) for purpose, each in groupby(entries, _purpose)],
        recipients=[
            Recipient(party=party, is_in_use=not party.setting or conf.is_set(party.setting))
            for party in data_map().parties()
        ],
        security=SECURITY,
    )


def _purpose(entry: _Entry) -> str:
    return entry.purpose


def _activity(purpose: str, entries: list[_Entry]) -> Activity:
    return Activity(
        purpose=purpose,
        bases=_unique(entry.basis for entry in entries),
        categories=_unique(category for entry in entries for category in entry.categories),
        kept=_unique(entry.kept for entry in entries),
        erasure=_unique(entry.erasure for entry in entries),
        places=[entry.place for entry in entries],
    )


def _unique(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _entries(data: AppData) -> Iterator[_Entry]:
    yield from (_of_table(table) for table in data.tables)
    for kind, places in (
        ("storage", [(area.area, area, area.erasure) for area in data.storage]),
        ("cache", [(family.pattern, family, family.erasure) for family in data.caches]),
        ("stream", [(stream.name, stream, Erasure.EXPIRE) for stream in data.streams]),
    ):
        for name, each, erasure in places:
            yield _Entry(
                purpose=each.purpose,
                basis=each.basis,
                categories=[each.category],
                kept=each.kept.text,
                erasure=erasure,
                place=Place(kind=kind, name=name, fields=[]),
            )


def _of_table(table: Table) -> _Entry:
    return _Entry(
        purpose=table.purpose,
        basis=table.basis,
        categories=_unique(group.category for group in table.fields if group.names),
        kept=retention.words(table.kept),
        erasure=table.erasure,
        place=Place(kind="table", name=table.model, fields=table.field_names),
    )
