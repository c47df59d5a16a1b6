"""Which period a moment belongs to. Chosen by date, so no reset job exists that could fail."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.utils.module_loading import import_string

from metering import conf
from metering.meters import Meter
from tenants.models import Tenant

# A level lives in one period for ever; the date only has to be the same everywhere.
LEVEL_START = date(1970, 1, 1)


@dataclass(frozen=True)
class Period:
    """A month in UTC, from `start` up to but not including `end`."""

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
    return period_at(at, anchor_day=1)


def period_at(at: datetime, *, anchor_day: int) -> Period:
    """The month, UTC, that `at` lies in, where months begin on `anchor_day`, 1 to 31.

    In a month that is too short they begin on its last day: 31 January, 28 February, 31 March.
    """
    return _period_of(at.astimezone(UTC).date(), anchor_day)


@lru_cache(maxsize=10_000)
def _period_of(day: date, anchor_day: int) -> Period:
    this = _beginning(day.year, day.month, anchor_day)
    if day < this:
        return Period(_beginning(day.year, day.month - 1, anchor_day), this)
    return Period(this, _beginning(day.year, day.month + 1, anchor_day))


def period_named(name: str, *, anchor_day: int) -> Period:
    """The period that begins in the month called `name`, as in "2026-11". Raises ValueError for no month."""
    month = datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC)
    start = _beginning(month.year, month.month, anchor_day)
    return period_at(datetime.combine(start, time(), UTC), anchor_day=anchor_day)


def anchor_of(tenant_id: UUID) -> int:
    """The day on which the tenant's months begin: 1 unless METERING_PERIOD_ANCHOR says otherwise."""
    path = conf.period_anchor()
    return cast(Callable[[UUID], int], import_string(path))(tenant_id) if path else 1


@lru_cache(maxsize=10_000)
def day_of_founding(tenant_id: UUID) -> int:
    """An anchor for METERING_PERIOD_ANCHOR: the day of the month on which the tenant signed up."""
    return Tenant.objects.get(pk=tenant_id).created_at.astimezone(UTC).day


def current(tenant_id: UUID, at: datetime) -> Period:
    """The period of the tenant that `at` lies in."""
    return period_at(at, anchor_day=anchor_of(tenant_id))


def period_start(tenant_id: UUID, meter: Meter, at: datetime) -> date:
    """The key of the counter that `meter` uses at `at`: the tenant's month, or the fixed one of a level."""
    return LEVEL_START if meter.is_level else current(tenant_id, at).start


def resets_at(tenant_id: UUID, meter: Meter, at: datetime) -> datetime | None:
    """When `meter` starts again from zero; None for a level."""
    return None if meter.is_level else current(tenant_id, at).ends_at


def _beginning(year: int, month: int, anchor_day: int) -> date:
    """Of the period that begins in a month; months 0 and 13 are of the years beside."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(anchor_day, monthrange(year, month)[1]))
