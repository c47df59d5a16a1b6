"""The time, asked for in one place so that logic takes `at` as an argument and tests can choose it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
