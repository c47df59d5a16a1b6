"""50, 80, 95 and 100 percent of a limit: seen in the numbers of the very update that passed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction

from metering.ledger import Move
from metering.meters import Meter
from metering.models import ThresholdCrossing
from metering.signals import threshold_crossed

THRESHOLDS = (50, 80, 95, 100)

RECORD = """
INSERT INTO metering_thresholdcrossing (tenant_id, meter, period_start, percent, limit_amount, taken, at)
SELECT %(tenant_id)s, %(meter)s, %(period_start)s, percent, %(limit)s, %(taken)s, %(at)s
FROM unnest(%(percents)s::smallint[]) AS percent
ON CONFLICT (tenant_id, meter, period_start, percent, limit_amount) DO NOTHING
RETURNING percent
"""


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """A threshold reached for the first time: `taken` (used plus held) of `limit`, in the smallest unit."""

    tenant_id: UUID
    meter: Meter
    period_start: date
    percent: int
    limit: int
    taken: int
    at: datetime


def observe(*, tenant_id: UUID, move: Move, limit: int | None, at: datetime) -> None:
    """Record and announce each threshold that `move` reached. A level that falls may reach one again."""
    if not limit:
        return
    risen = list(_between(move.before, move.after, limit))
    if risen:
        _announce(_record(tenant_id=tenant_id, move=move, limit=limit, percents=risen, at=at))
    fallen = list(_between(move.after, move.before, limit))
    if fallen and move.meter.is_level:
        ThresholdCrossing.objects.filter(meter=move.meter, percent__in=fallen, limit_amount=limit).delete()


def _between(low: int, high: int, limit: int) -> Iterator[int]:
    return (percent for percent in THRESHOLDS if low * 100 < limit * percent <= high * 100)


def _record(
    *, tenant_id: UUID, move: Move, limit: int, percents: list[int], at: datetime
) -> Iterator[Crossing]:
    crossing = partial(
        Crossing,
        tenant_id=tenant_id,
        meter=move.meter,
        period_start=move.period_start,
        limit=limit,
        taken=move.after,
        at=at,
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {**crossing.keywords, "meter": move.meter.value, "percents": percents})
        return (crossing(percent=percent) for (percent,) in cursor.fetchall())


def _announce(crossings: Iterable[Crossing]) -> None:
    for crossing in crossings:
        transaction.on_commit(partial(threshold_crossed.send_robust, sender=Crossing, crossing=crossing))
