"""How a tenant stands, kept in Redis for the banner of every page. Decides nothing: PostgreSQL does.

A snapshot lives a minute at most and is forgotten when a threshold is crossed or the limits change, so the
banner comes and goes with the next page; its numbers may be a minute old. Without Redis it is read anew.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import redis
from django.db import transaction

from metering import conf, selectors
from metering.meters import Meter
from metering.periods import Period
from metering.selectors import Standing, UsageRow

LIFE_SECONDS = 60
# A dead Redis costs one time-out in this time, not one a page.
PAUSE_SECONDS = 5.0

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")


def standing(tenant_id: UUID, at: datetime) -> Standing:
    """How the tenant stood up to a minute ago, or now when nobody remembers. Inside tenant_context."""
    kept = _ask(lambda client: client.get(_key(tenant_id)))
    if kept:
        return _decoded(json.loads(kept))
    found = selectors.standing(tenant_id, at)
    seconds_left = int((found.period.ends_at - at).total_seconds())
    if seconds_left > 0:
        text = json.dumps(_encoded(found))
        _ask(lambda client: client.set(_key(tenant_id), text, ex=min(LIFE_SECONDS, seconds_left)))
    return found


def forget(tenant_id: UUID) -> None:
    """Read the tenant's standing anew next time."""
    _ask(lambda client: client.delete(_key(tenant_id)))


def forget_after_commit(tenant_id: UUID) -> None:
    """Forget once the transaction that changes the tenant's standing has committed."""
    transaction.on_commit(lambda: forget(tenant_id))


class _Breaker:
    """Stops asking a Redis that just failed."""

    closed_until = 0.0


def _ask(question: Callable[[redis.Redis], Answer]) -> Answer | None:
    if time.monotonic() < _Breaker.closed_until:
        return None
    try:
        return question(_client(conf.redis_url()))
    except redis.RedisError as error:
        _Breaker.closed_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("usage_without_redis", extra={"error": type(error).__name__})
        return None


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)


def _key(tenant_id: UUID) -> str:
    return f"cutroom:usage:{tenant_id}"


def _encoded(found: Standing) -> dict[str, Any]:
    rows = [{**asdict(row), "forecast_runs_out_on": _text(row.forecast_runs_out_on)} for row in found.rows]
    for row in rows:
        del row["resets_at"]
    period = [found.period.start.isoformat(), found.period.end.isoformat()]
    return {"plan": found.plan, "period": period, "rows": rows}


def _decoded(document: dict[str, Any]) -> Standing:
    start, end = document["period"]
    period = Period(date.fromisoformat(start), date.fromisoformat(end))
    return Standing(
        plan=document["plan"], period=period, rows=[_row(row, period) for row in document["rows"]]
    )


def _row(row: dict[str, Any], period: Period) -> UsageRow:
    meter, day = Meter(row["meter"]), row["forecast_runs_out_on"]
    row["meter"] = meter
    row["resets_at"] = None if meter.is_level else period.ends_at
    row["forecast_runs_out_on"] = date.fromisoformat(day) if day else None
    return UsageRow(**row)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
