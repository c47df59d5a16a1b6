"""Billing months: the same day of the month as the first, or its last day."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime


def after(anchor: int, count: int) -> int:
    """`count` months after `anchor`, both in seconds: 31 January and one month is 28 or 29 February."""
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * 12 + start.month - 1 + count
    year, month = divmod(months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def following(anchor: int, moment: int) -> int:
    """The first end of a billing month of `anchor` that lies after `moment`."""
    count = 1
    while after(anchor, count) <= moment:
        count += 1
    return after(anchor, count)
