"""Both embedded servers together: what `make run`, the tests and `manage.py` need to know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cutroom.embedded import postgres, redis
from cutroom.embedded.processes import Child

BOTH = ("postgres", "redis")

_DATABASE_VARIABLES = {
    "app": "DATABASE_URL",
    "ops": "DATABASE_OPS_URL",
    "owner": "DATABASE_OWNER_URL",
    "backup": "DATABASE_BACKUP_URL",
}


@dataclass(frozen=True)
class Services:
    """Running servers. A child of None was found running and belongs to someone else."""

    environment: dict[str, str]
    postgres: Child | None = None
    redis: Child | None = None

    def stop(self) -> None:
        """Stop the servers that we started, Redis first."""
        if self.redis is not None:
            redis.stop(self.redis)
        if self.postgres is not None:
            postgres.stop(self.postgres)


def prepare(var: Path, *, only: Collection[str] = BOTH) -> dict[str, str]:
    """Make passwords and socket directories under `var` and return the addresses the servers will have.

    The variables are DATABASE_URL, DATABASE_OPS_URL, DATABASE_OWNER_URL, DATABASE_BACKUP_URL and REDIS_URL.
    Starts nothing, and says nothing about whether the servers run.
    """
    addresses: dict[str, str] = {}
    if "postgres" in only:
        postgres.prepare(var)
        addresses |= {_DATABASE_VARIABLES[role]: url for role, url in postgres.urls(var).items()}
    if "redis" in only:
        redis.prepare(var)
        addresses["REDIS_URL"] = redis.url(var)
    return addresses


def start(var: Path, *, only: Collection[str] = BOTH) -> Services:
    """Start PostgreSQL and Redis under `var`, or attach to those already running there.

    They end with this process, however it ends. Call from the main thread. Raises EmbeddedError.
    """
    addresses = prepare(var, only=only)
    redis_child = redis.start(var) if "redis" in only else None
    try:
        postgres_child = postgres.start(var) if "postgres" in only else None
    except BaseException:
        Services({}, redis=redis_child).stop()
        raise
    return Services(addresses, postgres=postgres_child, redis=redis_child)
