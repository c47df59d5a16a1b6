"""50, 80, 95 and 100 percent of a limit: seen in the numbers of the very update that passed them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from metering import notices, snapshot
from metering.ledger import Move
from metering.models import NoticeKind, ThresholdCrossing
from metering.notices import THRESHOLDS

RECORD = """
INSERT INTO metering_thresholdcrossing (tenant_id, meter, period_start, percent, limit_amount, taken, at)
SELECT %(tenant_id)s, %(meter)s, %(period_start)s, percent, %(limit)s, %(taken)s, %(at)s
FROM unnest(%(percents)s::smallint[]) AS percent
ON CONFLICT (tenant_id, meter, period_start, percent, limit_amount) DO NOTHING
RETURNING id, percent
"""


def observe(*, tenant_id: UUID, move: Move, limit: int | None, at: datetime) -> None:
    """Record each threshold that `move` reached, and a notice of it. A level that falls may reach one again.

    Both are written by whoever moved the counter, so a crossing commits with the move or not at all.
    """
    if not limit:
        return
    risen = list(_between(move.before, move.after, limit))
    if risen:
        _record(tenant_id, move, limit=limit, percents=risen, at=at)
    fallen = list(_between(move.after, move.before, limit))
    if fallen and move.meter.is_level:
        ThresholdCrossing.objects.filter(meter=move.meter, percent__in=fallen, limit_amount=limit).delete()
    if risen or fallen:
        snapshot.forget_after_commit(tenant_id)


def _between(low: int, high: int, limit: int) -> Iterator[int]:
    return (percent for percent in THRESHOLDS if low * 100 < limit * percent <= high * 100)


def _record(tenant_id: UUID, move: Move, *, limit: int, percents: list[int], at: datetime) -> None:
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "meter": move.meter.value,
        "period_start": move.period_start,
        "percents": percents,
        "limit": limit,
        "taken": move.after,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORD, values)
        crossed = cursor.fetchall()
    for number, percent in crossed:
        notices.write(
            key=f"threshold:{number}",
            kind=NoticeKind.THRESHOLD,
            meter=move.meter,
            detail={
                "percent": percent,
                "limit": limit,
                "taken": move.after,
                "period_start": move.period_start.isoformat(),
            },
            at=at,
        )
