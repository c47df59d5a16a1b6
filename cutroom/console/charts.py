"""Bars a day, stacked, with a table twin: geometry in percent across and pixels down. No markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from cutroom.charts import scale

HEIGHT = 150
_BASE, _TOP, _LEFT, _FILL = 128.0, 12.0, 5.0, 0.68
_LABEL_DAYS = 3


@dataclass(frozen=True, kw_only=True)
class Series:
    """One colour of the bars. `kind` is soft, ink or hot."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A piece of one day's bar, and what it says to a pointer."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    says: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A label: percent from the left for a day, pixels from the top for a line of the grid."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars with their grid, the sentence that says the same, and the rows of the table twin."""

    title: str
    says: str
    series: Sequence[Series]
    bars: list[Bar]
    lines: list[Mark]
    labels: list[Mark]
    rows: list[tuple[date, list[str]]]

    @property
    def is_blank(self) -> bool:
        """Is there nothing to draw?"""
        return not self.bars


def draw(
    *, title: str, unit: str, series: Sequence[Series], days: Sequence[tuple[date, Sequence[float]]]
) -> Chart:
    """A chart of `days`, oldest first, each with one amount a series."""
    sums = [sum(amounts) for _, amounts in days]
    most = max(sums, default=0)
    step, top = scale(most, is_whole=not unit)
    slot = (100 - _LEFT) / max(len(days), 1)
    return Chart(
        title=title,
        says=_sentence(title, unit, days, sums),
        series=series,
        bars=[bar for place, day in enumerate(days) for bar in _stack(day, place, slot, top, unit, series)],
        lines=[
            Mark(at=_y(line * step, top), text=f"{line * step:.6g}") for line in range(round(top / step) + 1)
        ],
        labels=[
            Mark(at=round(_LEFT + (place + (1 - _FILL) / 2) * slot, 2), text=f"{days[place][0]:%-d %b}")
            for place in range(0, len(days), _LABEL_DAYS)
        ],
        rows=[(day, [_amount(amount, unit) for amount in amounts]) for day, amounts in days],
    )


def _stack(
    day: tuple[date, Sequence[float]],
    place: int,
    slot: float,
    top: float,
    unit: str,
    series: Sequence[Series],
) -> Iterator[Bar]:
    when, amounts = day
    says = f"{when:%-d %b}: " + ", ".join(
        f"{_amount(amount, unit)} {each.name}" for amount, each in zip(amounts, series, strict=True)
    )
    below = 0.0
    for amount, each in zip(amounts, series, strict=True):
        y = _y(below + amount, top)
        if amount > 0:
            yield Bar(
                kind=each.kind,
                x=round(_LEFT + (place + (1 - _FILL) / 2) * slot, 2),
                y=y,
                width=round(slot * _FILL, 2),
                height=max(round(_y(below, top) - y, 1), 1.0),
                says=says,
            )
        below += amount


def _y(amount: float, top: float) -> float:
    return round(_BASE - (_BASE - _TOP) * amount / top, 1)


def _amount(amount: float, unit: str) -> str:
    return f"{amount:,.1f} {unit}" if unit else f"{amount:,.0f}"


def _sentence(
    title: str, unit: str, days: Sequence[tuple[date, Sequence[float]]], sums: Sequence[float]
) -> str:
    if not any(sums):
        return f"{title}: none."
    peak = max(range(len(days)), key=lambda place: sums[place])
    span = f"{days[0][0]:%-d %B} to {days[-1][0]:%-d %B}"
    total, most = _amount(sum(sums), unit), _amount(sums[peak], unit)
    return f"{title}, {span}: {total} in all, most on {days[peak][0]:%-d %B} with {most}."
