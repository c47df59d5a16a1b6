"""Is the audit log still what was recorded? Names the first row that is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import connections, transaction

from tenants import audit_anchors
from tenants.audit_anchors import Anchors, Kind, Problem, Statement
from tenants.audit_lines import GENESIS, Link, hash_of, line_of, links
from tenants.models import AuditLink

# Sealing runs every quarter of an hour; a day without it is a fault.
LONGEST_UNSEALED = timedelta(days=1)

_EVER = 2**62
_SUSPECTS = 200
_UNCHAINED = """
SELECT entry.id FROM tenants_auditentry entry LEFT JOIN tenants_auditlink link ON link.entry_id = entry.id
WHERE entry.tenant_id = %s AND link.entry_id IS NULL ORDER BY entry.at, entry.id LIMIT 1
"""


@dataclass(kw_only=True)
class Report:
    """What was found out about one tenant's log; `entries` were read, up to `sealed_to` somebody signed."""

    tenant_id: UUID
    entries: int = 0
    sealed_to: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify(tenant_id: UUID, *, at: datetime) -> Report:
    """Check chain, entries, checkpoints and sealed segments of one tenant, reading all of them once."""
    anchors = audit_anchors.collect(tenant_id)
    report = Report(tenant_id=tenant_id, sealed_to=anchors.sealed_to)
    with transaction.atomic(using="ops"):
        bad = _walk(report, anchors)
        rest = [_unchained(tenant_id), None if bad else _unsealed(report, at=at)]
    report.problems = [*([bad] if bad else []), *(each for each in rest if each), *anchors.problems]
    return report


def _walk(report: Report, anchors: Anchors) -> Problem | None:
    """Follow the chain from its start to the first row that breaks it."""
    previous, expected = GENESIS, 1
    sealed = {statement.last: statement for statement in anchors.statements}
    for link in _all(report.tenant_id):
        bad = _break(link, report.tenant_id, expected=expected, previous=previous, anchors=anchors)
        if bad is not None:
            return bad
        statement = sealed.get(link.sequence)
        if statement is not None and statement.hash != link.hash:
            return _rewritten(report.tenant_id, statement)
        report.entries, previous, expected = link.sequence, link.hash, expected + 1
    if expected <= anchors.sealed_to:
        detail = f"The log ends at {expected - 1}, but entry {anchors.sealed_to} was sealed."
        return _gone(Kind.TRUNCATED, expected, detail, anchors)
    return None


def _break(link: Link, tenant_id: UUID, *, expected: int, previous: str, anchors: Anchors) -> Problem | None:
    if link.sequence != expected:
        return _gone(Kind.DELETED, expected, f"Entry {expected} was deleted.", anchors)
    if link.entry is None:
        detail = f"Entry {expected} was deleted; its place in the chain is left."
        return Problem(kind=Kind.DELETED, sequence=expected, entry_id=link.entry_id, detail=detail)
    if not link.is_true:
        return _changed(link, tenant_id)
    if link.previous != previous:
        return _hashed_anew(link, tenant_id)
    return None


def _changed(link: Link, tenant_id: UUID) -> Problem:
    """A row whose hash does not fit: its content changed, or it changed places with another."""
    suspects = islice((each for each in _all(tenant_id) if not each.is_true), _SUSPECTS)
    other = next((each for each in suspects if each != link and _is_swap(link, each)), None)
    if other is None:
        kind, detail = Kind.EDITED, f"Entry {link.sequence} was edited."
    else:
        kind, detail = Kind.SWAPPED, f"Entries {link.sequence} and {other.sequence} were swapped."
    return Problem(kind=kind, sequence=link.sequence, entry_id=link.entry_id, detail=detail)


def _is_swap(one: Link, other: Link) -> bool:
    """Would the hash fit if the entries, what they say, or the places of both were exchanged?"""
    if one.entry is None or other.entry is None:
        return False
    said_by_other = line_of(other.entry.called(one.entry.id), sequence=one.sequence, previous=one.previous)
    at_other = line_of(one.entry, sequence=other.sequence, previous=one.previous)
    return one.hash in {hash_of(one.holding(other.entry).line), hash_of(said_by_other), hash_of(at_other)}


def _hashed_anew(link: Link, tenant_id: UUID) -> Problem:
    """The row fits its own hash, but not the row before: that one was changed and hashed anew."""
    sequence = max(1, link.sequence - 1)
    changed = AuditLink.everywhere.using("ops").get(tenant_id=tenant_id, sequence=sequence)
    detail = f"Entry {sequence} was edited and hashed anew."
    return Problem(kind=Kind.EDITED, sequence=sequence, entry_id=changed.entry_id, detail=detail)


def _rewritten(tenant_id: UUID, statement: Statement) -> Problem:
    """The chain is sound, but not the one that was signed: it differs from its sealed segment."""
    sequence, entry_id = statement.first, None
    present = links(tenant_id, first=statement.first, last=statement.last, using="ops")
    try:
        pairs = zip(present, statement.lines(), strict=False)
        link = next(link for link, line in pairs if hash_of(line) != link.hash)
        sequence, entry_id = link.sequence, link.entry_id
    except (OSError, StopIteration, UnicodeDecodeError):
        pass
    detail = f"The chain was rewritten from entry {sequence} on: entry {statement.last} had another hash."
    return Problem(kind=Kind.REWRITTEN, sequence=sequence, entry_id=entry_id, detail=detail)


def _gone(kind: Kind, sequence: int, detail: str, anchors: Anchors) -> Problem:
    statement = anchors.covering(sequence)
    entry_id = statement.entry_at(sequence) if statement else None
    return Problem(kind=kind, sequence=sequence, entry_id=entry_id, detail=detail)


def _unchained(tenant_id: UUID) -> Problem | None:
    with connections["ops"].cursor() as cursor:
        cursor.execute(_UNCHAINED, [tenant_id])
        row = cursor.fetchone()
    detail = "An entry is in no place of the chain."
    return Problem(kind=Kind.UNCHAINED, entry_id=row[0], detail=detail) if row else None


def _unsealed(report: Report, *, at: datetime) -> Problem | None:
    first = report.sealed_to + 1
    link = next(links(report.tenant_id, first=first, last=first, using="ops"), None)
    if link is None or link.entry is None or link.entry.at > at - LONGEST_UNSEALED:
        return None
    detail = f"Nobody sealed the log since entry {report.sealed_to}; is beat running?"
    return Problem(kind=Kind.UNSEALED, sequence=first, entry_id=link.entry_id, detail=detail)


def _all(tenant_id: UUID) -> Iterator[Link]:
    return links(tenant_id, first=1, last=_EVER, using="ops")
