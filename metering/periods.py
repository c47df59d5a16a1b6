"""Which period a moment belongs to. Chosen by date, so no reset job exists that could fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from metering.meters import Meter

# A level lives in one period for ever; the date only has to be the same everywhere.
LEVEL_START = date(1970, 1, 1)


@dataclass(frozen=True)
class Period:
    """A calendar month in UTC, from `start` up to but not including `end`."""

    start: date
    end: date

    @property
    def starts_at(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.start, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it, when meters start again."""
        return datetime.combine(self.end, time(), UTC)

    @property
    def last_day(self) -> date:
        """The last day in it."""
        return self.end - timedelta(days=1)

    @property
    def name(self) -> str:
        """As addresses and file names write it: "2026-11"."""
        return f"{self.start:%Y-%m}"


def month_of(at: datetime) -> Period:
    """The calendar month, UTC, that `at` (aware) lies in."""
    start = at.astimezone(UTC).date().replace(day=1)
    months = start.year * 12 + start.month
    return Period(start, date(months // 12, months % 12 + 1, 1))


def period_start(meter: Meter, at: datetime) -> date:
    """The key of the counter that `meter` uses at `at`: the month, or the fixed period of a level."""
    return LEVEL_START if meter.is_level else month_of(at).start


def resets_at(meter: Meter, at: datetime) -> datetime | None:
    """When `meter` starts again from zero; None for a level."""
    return None if meter.is_level else month_of(at).ends_at
