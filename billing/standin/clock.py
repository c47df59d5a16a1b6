"""The time of the stand-in, as the product sees it when BILLING_CLOCK names it."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.standin import state
from cutroom import clock


def now() -> datetime:
    """The present, plus what the stand-in's clock was moved."""
    return clock.now() + timedelta(seconds=state.moved_seconds())
