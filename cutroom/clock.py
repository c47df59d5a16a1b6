"""The time, asked for in one place so that logic takes `at` as an argument and tests can choose it."""

from datetime import UTC, date, datetime, time, timedelta


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def end_of_day(day: date) -> datetime:
    """The first moment after a day, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
