"""What the page /usage shows, put together from its few reads. No markup and no query of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any
from uuid import UUID

from metering import chart, history
from metering.meters import Meter, Shown, in_use
from metering.models import Sharer, UsageEvent
from metering.page_facts import Facts, Name
from metering.periods import Period
from metering.selectors import UsageRow

# What a video maker runs out of first comes first; meters of other products come before.
ORDER = (Meter.RENDER, Meter.TTS, Meter.IMAGES, Meter.STORAGE, Meter.UPLOADS)
_KINDS = {"asset": "File", "recount": "Count of the store", "reset": "Fresh allowance"}
_NOBODY = {Sharer.PROJECT: "No project", Sharer.MEMBER: "API keys and the system"}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A meter of the period on the page. `row` is how it stands; None for a month that is over."""

    meter: Meter
    used: Shown
    row: UsageRow | None
    expected: Shown | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the ledger for people: for what, and how much its meter said after it, if that is known."""

    at: datetime
    meter: Meter
    amount: Shown
    after: Shown | None
    project: Name | None
    kind: str
    name: str
    render_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one project or member used, and its percentage of the whole."""

    name: Name
    amount: Shown


def readings(
    rows: Iterable[UsageRow], used: Mapping[Meter, int], now: Period | None, at: datetime
) -> Iterator[Reading]:
    """The five meters as they stand, or what a month that is over has used; in the order of the page."""
    for row in sorted(rows, key=lambda row: _place(row.meter)):
        meter = row.meter
        if now:
            yield Reading(meter=meter, used=row.used, row=row, expected=_expected(row, now, at))
        elif not meter.is_level:
            yield Reading(meter=meter, used=meter.shown(used.get(meter, 0)), row=None, expected=None)


def days(row: UsageRow, period: Period, moves: Mapping[date, int], today: date) -> dict[str, Any]:
    """The chart of one meter, and its table twin: each day with the sum so far."""
    meter = row.meter
    each = history.days_of(meter, period, moves, level=row.used_exactly, until=today)
    totals = list(accumulate(day.amount for day in each))
    drawn = chart.draw(meter, period, each, pace=row.pace, full_on=row.forecast_runs_out_on, today=today)
    solid = [bar for bar in drawn.bars if bar.kind != "ghost"]
    return {
        "meter": meter,
        "chart": drawn,
        "days": [
            (day.day, meter.shown(day.amount), meter.shown(total))
            for day, total in zip(each, totals, strict=True)
        ],
        "total": meter.shown(each[-1].amount if meter.is_level else sum(day.amount for day in each)),
        "peak": max(solid, key=lambda bar: bar.amount),
        "is_blank": not any(day.amount for day in each),
    }


def parts(facts: Facts, meter: Meter, names: Mapping[UUID, Name]) -> dict[str, Any]:
    """Who used how much of a meter: the largest projects and members. `most` is the longest bar."""
    found = {
        f"by_{kind.value}": [
            Part(name=_named(share.sharer_id, kind, names), amount=meter.shown(share.amount))
            for share in facts.shares[kind]
        ]
        for kind in Sharer
    }
    return {**found, "most": max((part.amount for each in found.values() for part in each), default=0)}


def lines(
    events: Sequence[UsageEvent],
    names: Mapping[UUID, Name],
    *,
    used: Mapping[Meter, int],
    period: Period,
) -> list[Line]:
    """The newest lines. `used` is what each meter says now: from there the lines are counted back."""
    after = dict(used)
    found = []
    for event in events:
        meter = Meter(event.meter)
        is_of_period = meter.is_level or event.period_start == period.start
        found.append(_line(event, after.get(meter) if is_of_period else None, names))
        if is_of_period and meter in after:
            after[meter] -= event.amount
    return found


def _line(event: UsageEvent, after: int | None, names: Mapping[UUID, Name]) -> Line:
    meter = Meter(event.meter)
    kind, _, name = event.subject.partition(":")
    return Line(
        at=event.at,
        meter=meter,
        amount=meter.shown(event.amount),
        after=None if after is None else meter.shown(after),
        project=names.get(event.project_id) if event.project_id else None,
        kind=_KINDS.get(kind, kind.capitalize()),
        name=name[:8],
        render_id=_uuid(name) if kind == "render" else None,
    )


def _expected(row: UsageRow, now: Period, at: datetime) -> Shown | None:
    if row.meter.is_level or not row.pace:
        return None
    days_left = (now.ends_at - at).total_seconds() / 86_400
    return row.meter.shown(round(row.taken + row.pace * days_left) * row.meter.factor)


def _named(sharer_id: UUID | None, kind: Sharer, names: Mapping[UUID, Name]) -> Name:
    if sharer_id is None:
        return Name(text=_NOBODY[kind])
    return names.get(sharer_id) or Name(text=f"A deleted {kind.label}" if kind is Sharer.PROJECT else "Left")


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def in_order() -> list[Meter]:
    """The meters in use, in the order of the page."""
    return sorted(in_use(), key=_place)


def _place(meter: Meter) -> int:
    return ORDER.index(meter) if meter in ORDER else -1
