"""Periods: calendar months in UTC, chosen by date, and one for ever for levels."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.meters import Meter
from metering.periods import month_of, period_at, period_named, period_start, resets_at

NOBODY = UUID(int=0)


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        (datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=UTC), date(2026, 11, 1), date(2026, 12, 1)),
        (datetime(2026, 12, 1, tzinfo=UTC), date(2026, 12, 1), date(2027, 1, 1)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2028, 2, 1), date(2028, 3, 1)),
    ],
)
def test_a_moment_belongs_to_its_month(at: datetime, start: date, end: date) -> None:
    assert (month_of(at).start, month_of(at).end) == (start, end)


def test_the_month_is_that_of_utc_wherever_the_clock_hangs() -> None:
    in_auckland = datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=13)))
    assert month_of(in_auckland).start == date(2026, 11, 1)


@given(at=st.integers(0, 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_months_cover_time_without_gap_or_overlap(at: datetime) -> None:
    period = month_of(at)
    assert period.starts_at <= at < period.ends_at
    assert month_of(period.ends_at).start == period.end


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        (date(2026, 1, 31), date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 2, 27), date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 2, 28), date(2026, 2, 28), date(2026, 3, 31)),
        (date(2026, 3, 30), date(2026, 2, 28), date(2026, 3, 31)),
        (date(2028, 2, 29), date(2028, 2, 29), date(2028, 3, 31)),
        (date(2026, 12, 31), date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_an_anniversary_on_the_31st_clamps_to_short_months(at: date, start: date, end: date) -> None:
    period = period_at(datetime.combine(at, time(12), UTC), anchor_day=31)
    assert (period.start, period.end) == (start, end)


@given(
    at=st.integers(0, 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    anchor_day=st.integers(1, 31),
)
def test_anniversaries_cover_time_without_gap_or_overlap(at: datetime, anchor_day: int) -> None:
    period = period_at(at, anchor_day=anchor_day)
    assert period.starts_at <= at < period.ends_at
    assert period_at(period.ends_at, anchor_day=anchor_day).start == period.end
    assert period_at(period.ends_at - timedelta(microseconds=1), anchor_day=anchor_day) == period
    assert period_named(period.name, anchor_day=anchor_day) == period


def test_a_level_has_one_period_and_never_resets() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 6, 1, tzinfo=UTC)
    assert period_start(NOBODY, Meter.STORAGE, early) == period_start(NOBODY, Meter.STORAGE, late)
    assert resets_at(NOBODY, Meter.STORAGE, late) is None
    assert resets_at(NOBODY, Meter.RENDER, late) == datetime(2029, 7, 1, tzinfo=UTC)
