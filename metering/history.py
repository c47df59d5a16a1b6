"""Usage over time: days from the roll-up, months from the counters, lines from the ledger. Inside
tenant_context.

Nothing here adds up lines: sums come from UsageDaily and QuotaCounter, lines are read by their index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from django.db.models import QuerySet, Sum

from metering.meters import Meter, in_use
from metering.models import QuotaCounter, UsageDaily, UsageEvent
from metering.periods import LEVEL_START, Period
from tenants.batches import in_batches
from tenants.context import tenant_context

MOST_MONTHS = 24


@dataclass(frozen=True, kw_only=True)
class Day:
    """What one day added to a meter, or, of a level, how much there was at its end; smallest units."""

    day: date
    amount: int


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Which lines of the ledger: the days `first` to `last` in UTC, both included, of a meter and a subject
    if these are given, and written after the line `after_id`."""

    first: date
    last: date
    meter: Meter | None = None
    subject: str = ""
    after_id: int = 0

    def newest_first(self) -> QuerySet[UsageEvent]:
        """The lines, unordered among those of one moment."""
        return self._chosen().order_by("-at", "-id")

    def batches(self, tenant_id: UUID) -> Iterator[list[UsageEvent]]:
        """All lines, oldest first, a batch at a time, each by a transaction of its own."""
        return in_batches(self._chosen, within=partial(tenant_context, tenant_id))

    def _chosen(self) -> QuerySet[UsageEvent]:
        lines = UsageEvent.objects.filter(
            at__gte=datetime.combine(self.first, time.min, UTC),
            at__lte=datetime.combine(self.last, time.max, UTC),
        )
        if self.meter is not None:
            lines = lines.filter(meter=self.meter)
        if self.after_id:
            lines = lines.filter(pk__gt=self.after_id)
        return lines.filter(subject=self.subject) if self.subject else lines


def days_by_meter(first: date, last: date) -> dict[Meter, list[Day]]:
    """What moved on the days `first` to `last`, both included: each meter's days in order, none without a
    move. Of a level it is by how much it rose or fell."""
    rows = UsageDaily.objects.filter(day__range=(first, last)).values("meter", "day")
    moved: dict[Meter, list[Day]] = {meter: [] for meter in in_use()}
    for row in rows.annotate(total=Sum("amount")).order_by("day"):
        moved.setdefault(Meter(row["meter"]), []).append(Day(day=row["day"], amount=row["total"]))
    return moved


def months(this_month: date) -> dict[date, dict[Meter, int]]:
    """What was used by meter in each of the last 24 periods with usage, newest first; `this_month` always."""
    counters = QuotaCounter.objects.exclude(period_start=LEVEL_START).filter(period_start__lte=this_month)
    used: dict[date, dict[Meter, int]] = {this_month: {}}
    for counter in counters.order_by("-period_start")[: MOST_MONTHS * len(Meter)]:
        used.setdefault(counter.period_start, {})[Meter(counter.meter)] = counter.used
    return used


def days_of(meter: Meter, period: Period, moves: Mapping[date, int], *, level: int, until: date) -> list[Day]:
    """Every day of `period` up to `until`, for a chart whose bars add up to what the counter says.

    `moves` is what each day added. Work admitted in a month and done after it counts in that month: on its
    last day. `level` is how much of a level there is now; the past is counted back from there.
    """
    last = min(period.last_day, until)
    amounts = _levels(moves, period.start, last, level=level) if meter.is_level else _sums(moves, period)
    count = (last - period.start).days + 1
    days = (period.start + timedelta(days=number) for number in range(count))
    return [Day(day=day, amount=amounts[day]) for day in days]


def _sums(moves: Mapping[date, int], period: Period) -> dict[date, int]:
    amounts: dict[date, int] = defaultdict(int)
    for day, amount in moves.items():
        amounts[min(day, period.last_day)] += amount
    return amounts


def _levels(moves: Mapping[date, int], first: date, last: date, *, level: int) -> dict[date, int]:
    level -= sum(amount for day, amount in moves.items() if day > last)
    levels = {}
    day = last
    while day >= first:
        levels[day] = level
        level -= moves.get(day, 0)
        day -= timedelta(days=1)
    return levels
