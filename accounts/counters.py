"""Counts requests against limits: one atomic Redis script; PostgreSQL counts while Redis does not answer.

DRF's throttles read, then write, and say themselves that they are no security measure.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import redis
from django.db import connection, transaction
from redis.commands.core import Script

from accounts import conf
from cutroom import clock

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# A dead Redis costs one time-out in this time, not one a request.
PAUSE_SECONDS = 5.0
PLAN_KEPT_SECONDS = 300

# All buckets are looked at before any is counted: a refused request costs nothing. The answer is the wait in
# seconds, then count and seconds left of each bucket.
SCRIPT = """
local answer, wait = {0}, 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then
    wait = math.max(wait, 1, redis.call('TTL', key))
  end
end
for i, key in ipairs(KEYS) do
  if wait == 0 and redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[2 * i]) end
  answer[2 * i] = tonumber(redis.call('GET', key) or '0')
  answer[2 * i + 1] = redis.call('TTL', key)
end
answer[1] = wait
return answer
"""

COUNT = """
INSERT INTO accounts_ratebucket (key, "window", count, expires_at) VALUES (%s, %s, 1, to_timestamp(%s))
ON CONFLICT (key, "window") DO UPDATE SET count = accounts_ratebucket.count + 1 RETURNING count
"""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `count` in `seconds`, counted under `key`.

    `policy` is its name in the headers RateLimit and RateLimit-Policy; without one it stays unmentioned.
    """

    key: str
    count: int
    seconds: int
    policy: str = ""


@dataclass(frozen=True, kw_only=True)
class Level:
    """How full a limit is: what is left of it, and in how many seconds it is whole again."""

    limit: Limit
    left: int
    resets_in: int


@dataclass(frozen=True, kw_only=True)
class Count:
    """What counting one request found. `wait_seconds` is 0 when it may pass; refused ones count nowhere."""

    wait_seconds: int
    levels: list[Level]


def count(limits: Sequence[Limit]) -> Count:
    """Count one request against every limit, or against none when one of them is full."""
    found = _ask(lambda client: _in_redis(limits, client))
    return found or _in_database(limits, at=clock.now())


def note_plan(tenant_id: UUID, plan: str) -> None:
    """Remember a tenant's plan for five minutes."""
    _ask(lambda client: client.set(_plan_key(tenant_id), plan, ex=PLAN_KEPT_SECONDS))


def noted_plan(tenant_id: UUID) -> str:
    """The plan that was noted for a tenant; empty when none is."""
    kept: Any = _ask(lambda client: client.get(_plan_key(tenant_id)))
    return kept.decode() if kept else ""


def _plan_key(tenant_id: UUID) -> str:
    return f"cutroom:plan:{tenant_id}"


_closed_until: dict[str, float] = {}


def _ask(question: Callable[[redis.Redis], Answer]) -> Answer | None:
    url = conf.redis_url()
    if time.monotonic() < _closed_until.get(url, 0.0):
        return None
    try:
        return question(_client(url))
    except redis.RedisError as error:
        _closed_until[url] = time.monotonic() + PAUSE_SECONDS
        logger.warning("limits_without_redis", extra={"error": type(error).__name__})
        return None


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


@cache
def _script(client: redis.Redis) -> Script:
    """The script by its hash, so that its text goes over the wire once."""
    return client.register_script(SCRIPT)


def _in_redis(limits: Sequence[Limit], client: redis.Redis) -> Count:
    keys = [f"cutroom:limit:{limit.key}" for limit in limits]
    numbers = [number for limit in limits for number in (limit.count, limit.seconds)]
    wait, *found = (int(number) for number in _script(client)(keys=keys, args=numbers))
    levels = [
        _level(limit, used=used, resets_in=resets_in)
        for limit, used, resets_in in zip(limits, found[::2], found[1::2], strict=True)
    ]
    return Count(wait_seconds=wait, levels=levels)


def _in_database(limits: Sequence[Limit], *, at: datetime) -> Count:
    levels = []
    with transaction.atomic():
        # Always in one order, so that no two requests wait for each other.
        for limit in sorted(limits, key=lambda one: one.key):
            window = int(at.timestamp()) // limit.seconds
            ends = datetime.fromtimestamp((window + 1) * limit.seconds, UTC)
            with connection.cursor() as cursor:
                cursor.execute(COUNT, [limit.key, window, ends.timestamp()])
                (used,) = cursor.fetchone()
            resets_in = max(1, math.ceil((ends - at).total_seconds()))
            levels.append(_level(limit, used=used, resets_in=resets_in))
            if used > limit.count:
                transaction.set_rollback(True)
                return Count(wait_seconds=resets_in, levels=levels)
    return Count(wait_seconds=0, levels=levels)


def _level(limit: Limit, *, used: int, resets_in: int) -> Level:
    return Level(limit=limit, left=max(0, limit.count - used), resets_in=max(0, resets_in))
