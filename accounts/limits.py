"""How often somebody may ask: by mailbox, network, person, tenant and API key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar
from functools import lru_cache
from uuid import UUID

from accounts import addresses, conf, counters
from accounts.counters import Level, Limit
from cutroom import dispatch, sealing
from cutroom.errors import RateLimited

__all__ = [
    "Level",
    "Limit",
    "ask_for_link",
    "check",
    "invite",
    "privacy_request",
    "requests",
    "second_factor",
    "seen",
    "verify",
]

MINUTE, HOUR, DAY = 60, 3600, 86400
# How long a process goes by the plan it read last.
PLAN_SECONDS = 10

# What this request was counted against, for its headers. The middleware puts a fresh list here.
seen: ContextVar[list[Level] | None] = ContextVar("limits_seen", default=None)


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
    person = Limit(key=f"factor:user:{user_id.hex}", count=10, seconds=15 * MINUTE, policy="person")
    return [person, *_per_network("factor", ip, count=30, seconds=15 * MINUTE)]


def invite(*, tenant_id: UUID, email: str) -> list[Limit]:
    """Limits of mailing invitations: what one tenant may send, and what one mailbox must bear from all."""
    box = sealing.keyed_digest(addresses.mailbox(email), purpose="limit")[:32]
    return [
        Limit(key=f"invite:tenant:{tenant_id}:h", count=60, seconds=HOUR, policy="invitations"),
        Limit(key=f"invite:tenant:{tenant_id}:d", count=200, seconds=DAY, policy="invitations-a-day"),
        Limit(key=f"invite:box:{box}:d", count=6, seconds=DAY),
    ]


def privacy_request(*, email: str, ip: str) -> list[Limit]:
    """Limits of asking about one's data: it is free, but each asks a person for an answer."""
    box = sealing.keyed_digest(addresses.mailbox(email), purpose="limit")[:32]
    return [
        Limit(key=f"privacy:box:{box}:d", count=5, seconds=DAY),
        *_per_network("privacy", ip, count=20, seconds=DAY),
    ]


def requests(
    *, tenant_id: UUID, api_key_id: UUID | None = None, requests_a_minute: int | None = None
) -> list[Limit]:
    """Limits of asking the API: by the plan of the tenant, and for a key its own number or the plan's."""
    rule = conf.request_limits(_plan(tenant_id, int(time.time()) // PLAN_SECONDS))
    limits = [Limit(key=f"api:tenant:{tenant_id}", count=rule["tenant"], seconds=MINUTE, policy="tenant")]
    if api_key_id is not None:
        number = min(requests_a_minute or rule["key"], rule["tenant"])
        limits.append(Limit(key=f"api:key:{api_key_id}", count=number, seconds=MINUTE, policy="key"))
    return limits


def check(limits: Sequence[Limit]) -> None:
    """Count one request against every limit, or raise RateLimited and count nothing."""
    if not limits:
        return
    found = counters.count(limits)
    levels = seen.get()
    if levels is not None:
        levels.extend(level for level in found.levels if level.limit.policy)
    if found.wait_seconds:
        raise RateLimited(
            f"Too many requests. Try again in {found.wait_seconds} s.", retry_after=found.wait_seconds
        )


@lru_cache(maxsize=10_000)
def _plan(tenant_id: UUID, _moment: int) -> str:
    """The tenant's plan as a worker noted it down; empty until one did: a request asks no database for it."""
    plan = counters.noted_plan(tenant_id)
    if not plan:
        dispatch.ring("accounts.note_plan", tenant_id=str(tenant_id))
    return plan


def _per_network(name: str, ip: str, *, count: int, seconds: int) -> list[Limit]:
    if addresses.is_loopback(ip) and not conf.counts_loopback():
        return []
    key = f"{name}:net:{addresses.network(ip)}"
    return [Limit(key=key, count=count, seconds=seconds, policy="network")]
