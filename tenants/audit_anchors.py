"""What the signed checkpoints of a tenant state, in the database and in the store, and which to believe."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from cutroom import signatures
from tenants import storage
from tenants.audit_lines import GENESIS, hash_of
from tenants.audit_seals import KIND, fingerprint
from tenants.models import AuditCheckpoint


class Kind(StrEnum):
    """What may be wrong with an audit log."""

    EDITED = "edited"
    DELETED = "deleted"
    SWAPPED = "swapped"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    UNCHAINED = "unchained"
    UNSEALED = "unsealed"
    CHECKPOINT_FORGED = "checkpoint-forged"
    CHECKPOINT_LOST = "checkpoint-lost"
    SEGMENT_CHANGED = "segment-changed"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong; `sequence` and `entry_id` name the row, if it is about one."""

    kind: Kind
    detail: str
    sequence: int | None = None
    entry_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one checkpoint states, its signature verified: entry `last` had this hash."""

    number: int
    first: int
    last: int
    hash: str
    segment_key: str

    def lines(self) -> Iterator[str]:
        """The sealed lines. Raises FileNotFoundError."""
        with storage.open_file(self.segment_key) as file:
            text = io.TextIOWrapper(file, "utf-8", newline="\n")
            yield from (line.removesuffix("\n") for line in text)

    def is_sealed(self) -> bool:
        """Do the lines in the store follow one another up to the stated hash?"""
        before = ""
        try:
            for line in self.lines():
                if before and json.loads(line)["previous"] != before:
                    return False
                before = hash_of(line)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return before == self.hash

    def entry_at(self, sequence: int) -> UUID | None:
        """The id of the sealed entry at a place; None when the segment cannot tell."""
        try:
            line = next(line for number, line in enumerate(self.lines(), self.first) if number == sequence)
            return UUID(json.loads(line)["id"])
        except (OSError, StopIteration, ValueError, KeyError):
            return None


@dataclass(kw_only=True)
class Anchors:
    """Believable statements in order, and what is wrong with the others."""

    statements: list[Statement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def sealed_to(self) -> int:
        """The last entry that a statement vouches for; 0 without any."""
        return max((statement.last for statement in self.statements), default=0)

    def covering(self, sequence: int) -> Statement | None:
        """The statement whose segment holds an entry."""
        return next((each for each in self.statements if each.first <= sequence <= each.last), None)


def collect(tenant_id: UUID) -> Anchors:
    """Read and judge every checkpoint of a tenant: signatures, order, completeness, sealed segments."""
    return _Collection(tenant_id).judged()


class _Collection:
    """The checkpoints of one tenant while they are judged."""

    def __init__(self, tenant_id: UUID) -> None:
        rows = AuditCheckpoint.everywhere.using("ops").filter(tenant_id=tenant_id)
        self.tenant_id = tenant_id
        self.rows = {row.number: row for row in rows}
        self.names = set(storage.names_in(tenant_id=tenant_id, area="audit"))
        self.anchors = Anchors()

    def judged(self) -> Anchors:
        """Judge all, oldest first: each names the fingerprint of the one before it."""
        stored = [int(name.partition(".")[0]) for name in self.names if name.endswith(".checkpoint")]
        before = GENESIS
        for number in range(1, max([*self.rows, *stored], default=0) + 1):
            before = self._judge(number, before=before)
        return self.anchors

    def _judge(self, number: int, *, before: str) -> str:
        documents = self._documents(number)
        statements = [self._statement(text, place, number, before) for place, text in documents.items()]
        known = [statement for statement in statements if statement is not None]
        self.anchors.statements += list(dict.fromkeys(known))
        if known and "store" in documents:
            self._judge_segment(known[0])
        return fingerprint(next(iter(documents.values()))) if documents else ""

    def _documents(self, number: int) -> dict[str, bytes]:
        """The signed bytes of a checkpoint by the place where they were found."""
        found: dict[str, bytes] = {}
        row, name = self.rows.get(number), f"{number:06d}.checkpoint"
        if row is not None:
            found["database"] = bytes(row.document)
        if name in self.names:
            with storage.open_file(self._key(name)) as file:
                found["store"] = file.read()
        is_expected = row is None or row.stored_at is not None
        for place in {"database", "store"} - set(found) if is_expected else ():
            self._note(Kind.CHECKPOINT_LOST, f"Checkpoint {number} is gone from the {place}.")
        return found

    def _statement(self, document: bytes, place: str, number: int, before: str) -> Statement | None:
        """What a document states, if its signature is ours and it stands in the right place."""
        try:
            stated = signatures.read(document, kind=KIND)
        except signatures.SignatureInvalid as error:
            self._note(Kind.CHECKPOINT_FORGED, f"Checkpoint {number} in the {place}: {error}")
            return None
        if (stated["tenant_id"], stated["number"]) != (str(self.tenant_id), number):
            self._note(Kind.CHECKPOINT_FORGED, f"Checkpoint {number} in the {place} belongs elsewhere.")
            return None
        if before and stated["previous"] != before:
            self._note(Kind.CHECKPOINT_FORGED, f"Checkpoint {number} in the {place} follows another one.")
        places = {name: stated[name] for name in ("number", "first", "last", "hash")}
        return Statement(**places, segment_key=self._key(f"{number:06d}.jsonl"))

    def _judge_segment(self, statement: Statement) -> None:
        if not statement.is_sealed():
            detail = f"Segment {statement.number} in the store is not the one that was sealed."
            self._note(Kind.SEGMENT_CHANGED, detail)

    def _key(self, name: str) -> str:
        return storage.storage_key(tenant_id=self.tenant_id, area="audit", name=name)

    def _note(self, kind: Kind, detail: str) -> None:
        self.anchors.problems.append(Problem(kind=kind, detail=detail))
