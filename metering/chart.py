"""The chart of days: geometry in percent across and pixels down, so text is never stretched. No markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cutroom.charts import scale
from metering.history import Day
from metering.meters import Meter, Shown
from metering.periods import Period

HEIGHT = 176
BASE = 154
_TOP = 12
_LEFT = 6.0
_FILL = 0.68
_LABEL_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One day: where it stands and what it says. `kind` is ink, hot (today) or ghost (a forecast)."""

    day: date
    amount: Shown
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A label at `at`: percent from the left for a day, pixels from the top for a line of the grid."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars, grid lines, labels of days and, when the limit is reached within the period, where."""

    bars: list[Bar]
    lines: list[Mark]
    labels: list[Mark]
    full_at: Mark | None


def draw(
    meter: Meter, period: Period, days: Sequence[Day], *, pace: float, full_on: date | None, today: date
) -> Chart:
    """The days of a period. With `full_on` the days until then are drawn at `pace` (shown units a day)."""
    shown = [(day.day, meter.shown(max(day.amount, 0))) for day in days]
    is_foreseen = full_on is not None and today < full_on <= period.last_day and not meter.is_level
    ahead = (full_on - today).days if is_foreseen and full_on else 0
    forecast = [(today + timedelta(days=number), round(pace, 3)) for number in range(1, ahead + 1)]
    step, top = scale(
        max((amount for _, amount in [*shown, *forecast]), default=0), is_whole=meter.factor == 1
    )
    slot = (100 - _LEFT) / ((period.end - period.start).days)
    bars = [
        _bar(day, amount, kind, place=_LEFT + (day - period.start).days * slot, slot=slot, top=top)
        for day, amount, kind in _kinds(shown, forecast, today)
    ]
    return Chart(
        bars=bars,
        lines=[
            Mark(at=_height(line * step, top), text=f"{line * step:.6g}")
            for line in range(round(top / step) + 1)
        ],
        labels=list(_labels(period, slot)),
        full_at=Mark(at=bars[-1].x, text=f"full {bars[-1].day:%-d %b}") if is_foreseen else None,
    )


def _kinds(
    shown: list[tuple[date, Shown]], forecast: list[tuple[date, float]], today: date
) -> Iterator[tuple[date, Shown, str]]:
    yield from ((day, amount, "hot" if day == today else "ink") for day, amount in shown)
    yield from ((day, amount, "ghost") for day, amount in forecast)


def _bar(day: date, amount: Shown, kind: str, *, place: float, slot: float, top: float) -> Bar:
    y = _height(amount, top)
    return Bar(
        day=day,
        amount=amount,
        kind=kind,
        x=round(place + slot * (1 - _FILL) / 2, 2),
        y=y,
        width=round(slot * _FILL, 2),
        height=round(BASE - y, 1),
    )


def _height(amount: float, top: float) -> float:
    return round(BASE - (BASE - _TOP) * amount / top, 1)


def _labels(period: Period, slot: float) -> Iterator[Mark]:
    for number in range(0, (period.end - period.start).days, _LABEL_DAYS):
        day = period.start + timedelta(days=number)
        yield Mark(at=round(_LEFT + (number + (1 - _FILL) / 2) * slot, 2), text=f"{day:%-d %b}")
