"""How often somebody may ask. One atomic Redis script; PostgreSQL counts while Redis does not answer.

DRF's throttles read, then write, and say themselves that they are no security measure.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

import redis
from django.db import connection, transaction

from accounts import addresses, conf
from cutroom import clock, sealing
from cutroom.errors import RateLimited

logger = logging.getLogger(__name__)

MINUTE, HOUR, DAY = 60, 3600, 86400

# All buckets are looked at before any is counted: a refused request costs nothing.
SCRIPT = """
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then
    return math.max(1, redis.call('TTL', key))
  end
end
for i, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[2 * i]) end
end
return 0
"""

COUNT = """
INSERT INTO accounts_ratebucket (key, "window", count, expires_at) VALUES (%s, %s, 1, to_timestamp(%s))
ON CONFLICT (key, "window") DO UPDATE SET count = accounts_ratebucket.count + 1 RETURNING count
"""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `count` in `seconds`, counted under `key`."""

    key: str
    count: int
    seconds: int


def ask_for_link(*, email: str, ip: str) -> list[Limit]:
    """Limits of asking for a link: per mailbox, per network, and for the whole site."""
    box = sealing.keyed_digest(addresses.mailbox(email), purpose="limit")[:32]
    limits = [
        Limit(key=f"link:box:{box}:m", count=1, seconds=MINUTE),
        Limit(key=f"link:box:{box}:q", count=5, seconds=15 * MINUTE),
        Limit(key=f"link:box:{box}:d", count=10, seconds=DAY),
        Limit(key="link:all", count=1000, seconds=HOUR),
    ]
    return [*limits, *_per_network("link", ip, count=20, seconds=HOUR)]


def verify(*, ip: str) -> list[Limit]:
    """Limits of trying links and codes."""
    return _per_network("verify", ip, count=10, seconds=15 * MINUTE)


def second_factor(*, user_id: UUID, ip: str) -> list[Limit]:
    """Limits of trying second factors. Only who holds the mailbox or a session can use them up."""
    person = Limit(key=f"factor:user:{user_id.hex}", count=10, seconds=15 * MINUTE)
    return [person, *_per_network("factor", ip, count=30, seconds=15 * MINUTE)]


def invite(*, tenant_id: UUID, email: str) -> list[Limit]:
    """Limits of mailing invitations: what one tenant may send, and what one mailbox must bear from all."""
    box = sealing.keyed_digest(addresses.mailbox(email), purpose="limit")[:32]
    return [
        Limit(key=f"invite:tenant:{tenant_id}:h", count=60, seconds=HOUR),
        Limit(key=f"invite:tenant:{tenant_id}:d", count=200, seconds=DAY),
        Limit(key=f"invite:box:{box}:d", count=6, seconds=DAY),
    ]


def check(limits: Sequence[Limit]) -> None:
    """Count one request against every limit, or raise RateLimited and count nothing."""
    if not limits:
        return
    try:
        wait_seconds = _count_in_redis(limits)
    except redis.RedisError as error:
        logger.warning("limits_without_redis", extra={"error": type(error).__name__})
        wait_seconds = _count_in_database(limits, at=clock.now())
    if wait_seconds:
        raise RateLimited(f"Too many requests. Try again in {wait_seconds} s.", retry_after=wait_seconds)


def _per_network(name: str, ip: str, *, count: int, seconds: int) -> list[Limit]:
    if addresses.is_loopback(ip) and not conf.counts_loopback():
        return []
    return [Limit(key=f"{name}:net:{addresses.network(ip)}", count=count, seconds=seconds)]


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def _count_in_redis(limits: Sequence[Limit]) -> int:
    keys = [f"cutroom:limit:{limit.key}" for limit in limits]
    numbers = [number for limit in limits for number in (limit.count, limit.seconds)]
    answer = _client(conf.redis_url()).eval(SCRIPT, len(keys), *keys, *numbers)
    return int(answer)


def _count_in_database(limits: Sequence[Limit], *, at: datetime) -> int:
    with transaction.atomic():
        for limit in sorted(limits, key=lambda one: one.key):
            window = int(at.timestamp()) // limit.seconds
            ends = datetime.fromtimestamp((window + 1) * limit.seconds, UTC)
            with connection.cursor() as cursor:
                cursor.execute(COUNT, [limit.key, window, ends.timestamp()])
                (count,) = cursor.fetchone()
            if count > limit.count:
                transaction.set_rollback(True)
                return max(1, math.ceil((ends - at).total_seconds()))
    return 0
