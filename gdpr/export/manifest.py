"""manifest.json: what is in an export, what is missing, what was left out; its JSON Schema is beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cutroom.personal_data import ExportForm
from gdpr import conf
from gdpr.data_map import data_map
from gdpr.export.listing import Listing
from gdpr.export.selection import Subject
from gdpr.export.tables import WrittenTable
from gdpr.register import register

KIND = "cutroom-export/1"
SCHEMA_PATH = Path(__file__).with_name("manifest.schema.json")

NOT_IN_IT = [
    "What exists only in backups: they are encrypted as a whole and end within {days} days.",
    "Logs and traces: they hold opaque ids only and end within 30 days.",
    "Mails already delivered: they are in your mailbox.",
]


@dataclass(kw_only=True)
class Contents:
    """What was written so far."""

    subject: Subject
    name: str
    tenant_slug: str
    created_at: datetime
    members: Listing
    missing: Listing
    tables: list[WrittenTable] = field(default_factory=list)
    snapshot_at: datetime | None = None

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    def head(self) -> dict[str, Any]:
        """Everything but the long lists."""
        subject = self.subject
        return {
            "kind": KIND,
            "schema": SCHEMA_PATH.name,
            "name": self.name,
            "source": conf.site_url(),
            "created_at": self.created_at.isoformat(),
            "snapshot_at": (self.snapshot_at or self.created_at).isoformat(),
            "scope": "workspace" if subject.is_whole else "person",
            "workspace": {"id": str(subject.tenant_id), "slug": self.tenant_slug},
            "person": {"id": str(subject.user_id), "email": subject.email},
            "data_map": map_fingerprint(),
            "processing": "processing.json",
            "tables": [_table(table) for table in self.tables],
            "excluded": excluded(self.tables),
            "not_included": not_included(),
        }


def manifest(contents: Contents) -> Iterator[bytes]:
    """The document, chunk by chunk; its lists of files and of what is missing may be long."""
    head = json.dumps(contents.head(), indent=1, ensure_ascii=False)
    yield head.removesuffix("\n}").encode()
    yield from _list("files", contents.members)
    yield from _list("missing", contents.missing)
    yield b"\n}\n"


def map_fingerprint() -> str:
    """SHA-256 of the register the data map gives: two exports with the same one follow the same rules."""
    activities = register().as_document()["activities"]
    return hashlib.sha256(json.dumps(activities, sort_keys=True).encode()).hexdigest()


def excluded(tables: list[WrittenTable]) -> list[dict[str, str]]:
    """What was left out on purpose, by name."""
    fields = [
        {"what": f"{table.model}.{name}", "why": str(ExportForm.EXCLUDED)}
        for table in tables
        for name in table.excluded
    ]
    areas = [
        {"what": f"files/{area.area}", "why": "earlier exports are not exported again"}
        for area in data_map().storage()
        if area.form == ExportForm.EXCLUDED
    ]
    return [*fields, *areas]


def not_included() -> list[str]:
    """What exists elsewhere and cannot be handed over like this, in sentences."""
    return [sentence.format(days=conf.backup_kept().days) for sentence in NOT_IN_IT]


def _table(table: WrittenTable) -> dict[str, Any]:
    known = asdict(table)
    name = known.pop("name")
    return {**known, "json": f"data/{name}.json", "csv": f"data/{name}.csv"}


def _list(name: str, listing: Listing) -> Iterator[bytes]:
    yield f',\n "{name}": ['.encode()
    for number, line in enumerate(listing.lines()):
        yield (("\n  " if number == 0 else ",\n  ") + line).encode()
    yield b"\n ]"
