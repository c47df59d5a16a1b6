"""Ask for background work by name, after the transaction commits. Services never import tasks."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import signature
from django.db import transaction
from kombu.exceptions import OperationalError

from cutroom import tracing
from cutroom.crash_points import crash_at
from cutroom.dependencies import DOORBELLS_LOST

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 5.0


class _Breaker:
    """Stops asking a broker that just failed, so that a dead Redis costs a request one time-out, not many."""

    def __init__(self) -> None:
        self.closed_until = 0.0

    def allows(self) -> bool:
        return time.monotonic() >= self.closed_until

    def trip(self) -> None:
        self.closed_until = time.monotonic() + _PAUSE_SECONDS


_breaker = _Breaker()


def after_commit(task_name: str, *, queue: str | None = None, countdown: float = 0.0, **kwargs: Any) -> None:
    """Send task `task_name` with `kwargs` once the current transaction commits, `countdown` seconds later.

    A message is only a doorbell: when the broker is down it is logged and dropped, and the sweeper finds the
    work in the database. Outside a transaction it is sent at once.
    """

    def send() -> None:
        crash_at("before-doorbell")
        ring(task_name, queue=queue, countdown=countdown, **kwargs)

    transaction.on_commit(send)


def ring(task_name: str, *, queue: str | None = None, countdown: float = 0.0, **kwargs: Any) -> bool:
    """Send task `task_name` now. False when the broker could not take it."""
    if not _breaker.allows():
        return False
    try:
        # signature().apply_async honours task_always_eager; app.send_task would not.
        trace = {tracing.HEADER: parent} if (parent := tracing.current()) else {}
        options: dict[str, Any] = {"queue": queue, "countdown": countdown or None, "ignore_result": True}
        signature(task_name, kwargs=kwargs).apply_async(**options, headers=trace)
    except (OperationalError, OSError) as error:
        _breaker.trip()
        DOORBELLS_LOST.labels(task=task_name).inc()
        logger.warning("broker_unavailable", extra={"task": task_name, "error": type(error).__name__})
        return False
    return True
