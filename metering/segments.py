"""Months of the ledger as files: JSON lines under tenants/{id}/audit/, sealed once the month is over.

A segment is written once and never changed. Lines that turn up for a month after it was sealed get a segment
of their own, so every line of the ledger is in exactly one. Its hash and sums stay in `UsageSegment`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from django.db.models import Max, Min

from metering.exports import line_document
from metering.history import Lines
from metering.models import UsageEvent, UsageSegment
from metering.periods import Period, month_of
from tenants import audit, storage
from tenants.context import tenant_context

# Work that was begun before midnight may be written after it.
GRACE = timedelta(days=1)


@dataclass(kw_only=True)
class _Summary:
    """What a segment holds, added up while it is written."""

    lines: int = 0
    last_id: int = 0
    totals: Counter[str] = field(default_factory=Counter)


def seal_finished_months(tenant_id: UUID, at: datetime) -> int:
    """Seal every month of a tenant that is over by a day; how many segments were written. Again: none."""
    with tenant_context(tenant_id):
        months = list(_unsealed_months(at))
    return sum(_seal(tenant_id, month, at) for month in months)


def is_whole(segment: UsageSegment) -> bool:
    """Does the file in the store still have the hash it was sealed with?"""
    try:
        with storage.local_path(segment.storage_key) as path, path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == segment.sha256
    except FileNotFoundError:
        return False


def _unsealed_months(at: datetime) -> Iterator[Period]:
    """Every finished month from the first that may have a line in no segment."""
    sealed = UsageSegment.objects.aggregate(month=Max("month"), last_id=Max("last_id"))
    began = [UsageEvent.objects.filter(pk__gt=sealed["last_id"] or 0).aggregate(at=Min("at"))["at"]]
    if sealed["month"]:
        after = month_of(datetime.combine(sealed["month"], time(), UTC)).ends_at
        began.append(UsageEvent.objects.filter(at__gte=after).aggregate(at=Min("at"))["at"])
    first = min(filter(None, began), default=None)
    while first is not None and month_of(first).ends_at + GRACE <= at:
        yield month_of(first)
        first = month_of(first).ends_at


def _seal(tenant_id: UUID, month: Period, at: datetime) -> bool:
    """Write one segment outside any transaction: a long month takes its time."""
    with tenant_context(tenant_id):
        segments = UsageSegment.objects.filter(month=month.start)
        earlier = segments.aggregate(part=Max("part"), last_id=Max("last_id"))
    part = (earlier["part"] or 0) + 1
    lines = Lines(first=month.start, last=month.last_day, after_id=earlier["last_id"] or 0)
    key = storage.storage_key(tenant_id=tenant_id, area="audit", name=_name(month.start, part))
    with tempfile.TemporaryDirectory(prefix="cutroom-") as directory:
        path = Path(directory) / "segment.jsonl"
        summary, sha256 = _write(path, tenant_id, lines)
        if not summary.lines:
            return False
        storage.store_file(key, path)
    with tenant_context(tenant_id):
        values = {"storage_key": key, "sha256": sha256, "sealed_at": at, **vars(summary)}
        _, is_new = UsageSegment.objects.get_or_create(month=month.start, part=part, defaults=values)
        if is_new:
            detail = {"month": month.name, "lines": summary.lines, "sha256": sha256}
            audit.record("usage.sealed", target=f"segment:{month.name}.{part}", detail=detail)
    return is_new


def _write(path: Path, tenant_id: UUID, lines: Lines) -> tuple[_Summary, str]:
    summary, digest = _Summary(), hashlib.sha256()
    with path.open("wb") as file:
        for batch in lines.batches(tenant_id):
            text = "".join(f"{json.dumps(line_document(line), sort_keys=True)}\n" for line in batch).encode()
            file.write(text)
            digest.update(text)
            summary.lines += len(batch)
            summary.last_id = max(summary.last_id, *(line.pk for line in batch))
            for line in batch:
                summary.totals[line.meter] += line.amount
    return summary, digest.hexdigest()


def _name(month: date, part: int) -> str:
    return f"usage-{month:%Y-%m}{'' if part == 1 else f'.{part}'}.jsonl"
