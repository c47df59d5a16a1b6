"""What exactness costs: reserve and settle against one bare UPDATE, looking usage up against one Redis GET.

Everything commits durably on the same server. Ours goes through the public services. The bare statement is
that of `UPDATE … SET used = used + n WHERE … used + n <= limit`, prepared, of one hot row. It is timed twice:
alone on a raw connection that commits by itself, and in a tenant's transaction, as ours is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from uuid import UUID

import psycopg
import redis
from django.conf import settings
from django.db import connection
from django.test import override_settings

from cutroom import clock, prepared
from metering import selectors, services, snapshot
from metering.meters import Meter
from tenants.context import tenant_context
from tests.bench import rounds
from tests.cast import found_tenant

AMPLE = 10**6
CREATE = """
CREATE TABLE IF NOT EXISTS bench_counter (
    tenant_id uuid, meter text, period_start date, used bigint NOT NULL,
    PRIMARY KEY (tenant_id, meter, period_start)
) WITH (fillfactor = 50)
"""
GRANT = "GRANT SELECT, UPDATE ON bench_counter TO app"
INSERT = "INSERT INTO bench_counter VALUES (%s, 'images_count', '2026-11-01', 0)"
BARE = """
UPDATE bench_counter SET used = used + 1
WHERE tenant_id = %(tenant_id)s AND meter = 'images_count' AND period_start = '2026-11-01'
    AND used + 1 <= 1000000000
RETURNING used
"""


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Seconds, medians: reserve and settle as one step, as two calls in one transaction, and in two.

    Beside them the bare statement, alone and in a tenant's transaction. `without_disk` is both calls in one
    transaction whose commit waits for no disk, and nobody in the way: what the processor does.
    """

    as_one_step: float
    in_one_transaction: float
    in_two_transactions: float
    raw_update: float
    bare_update: float
    without_disk: float
    bare_without_disk: float


@dataclass(frozen=True, kw_only=True)
class LookUps:
    """Seconds: usage as pages look it up, as PostgreSQL has it at this moment, and a bare GET."""

    remembered: float
    exact: float
    bare_get: float


def moves(*, repeats: int) -> Moves:
    """Time the moves of one meter of one tenant, whose rows are hot."""
    mover = _Mover()
    works: dict[str, rounds.Work] = {"one": mover.in_one_transaction, "bare": mover.bare}
    with _ample_limits(), _raw(mover.tenant_id) as raw:
        values = {"tenant_id": mover.tenant_id}
        durable: dict[str, rounds.Work] = {
            **works,
            "step": mover.as_one_step,
            "two": mover.in_two_transactions,
            "raw": partial(raw.execute, BARE, values, prepare=True),
        }
        seconds = rounds.usual_times(durable, times=repeats * 10)
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        hasty = rounds.quick_times(works, repeats=repeats)
        connection.close()
    return Moves(
        as_one_step=seconds["step"],
        in_one_transaction=seconds["one"],
        in_two_transactions=seconds["two"],
        raw_update=seconds["raw"],
        bare_update=seconds["bare"],
        without_disk=hasty["one"],
        bare_without_disk=hasty["bare"],
    )


class _Mover:
    """A tenant that takes and uses one picture after the other."""

    def __init__(self) -> None:
        self.tenant_id = found_tenant("bench-moves").pk
        self._numbers = count()

    def as_one_step(self) -> None:
        with tenant_context(self.tenant_id):
            services.charge(
                tenant_id=self.tenant_id,
                event_key=f"step:{next(self._numbers)}",
                meter=Meter.IMAGES,
                amount=1,
                subject="asset:1",
                at=clock.now(),
            )

    def in_one_transaction(self) -> None:
        key = f"one:{next(self._numbers)}"
        with tenant_context(self.tenant_id):
            self._reserve(key)
            self._settle(key)

    def in_two_transactions(self) -> None:
        key = f"two:{next(self._numbers)}"
        with tenant_context(self.tenant_id):
            self._reserve(key)
        with tenant_context(self.tenant_id):
            self._settle(key)

    def bare(self) -> None:
        with tenant_context(self.tenant_id):
            prepared.fetch_all(BARE, {"tenant_id": self.tenant_id})

    def _reserve(self, key: str) -> None:
        services.reserve(tenant_id=self.tenant_id, key=key, amounts={Meter.IMAGES: 1}, at=clock.now())

    def _settle(self, key: str) -> None:
        services.settle(
            tenant_id=self.tenant_id,
            reservation_key=key,
            event_key=key,
            meter=Meter.IMAGES,
            amount=1,
            subject="render:1",
            at=clock.now(),
        )


def look_ups(*, repeats: int) -> LookUps:
    """Time the look-ups of one tenant's five meters. Inside one transaction, as within a request."""
    tenant_id = found_tenant("bench-look-ups").pk
    client = redis.Redis.from_url(settings.REDIS_URL)
    with override_settings(DEBUG=False), tenant_context(tenant_id):
        snapshot.standing(tenant_id, clock.now())
        works = {
            "remembered": lambda: snapshot.standing(tenant_id, clock.now()),
            "exact": lambda: selectors.standing(tenant_id, clock.now()),
            "get": lambda: client.get(f"cutroom:usage:{tenant_id}"),
        }
        seconds = rounds.quick_times(works, repeats=repeats)
    client.close()
    return LookUps(remembered=seconds["remembered"], exact=seconds["exact"], bare_get=seconds["get"])


@contextmanager
def _raw(tenant_id: UUID) -> Iterator[psycopg.Connection]:
    """A connection beside Django's, to the same database, with a counter for the tenant."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(CREATE)
        connection.execute(GRANT)
        connection.execute(INSERT, [tenant_id])
        yield connection


@contextmanager
def _ample_limits() -> Iterator[None]:
    """Limits that nobody reaches, and no list of queries as DEBUG keeps it."""
    plans = {
        name: {**plan, "limits": dict.fromkeys(plan["limits"], AMPLE)}
        for name, plan in settings.METERING_PLANS.items()
    }
    with override_settings(DEBUG=False, METERING_PLANS=plans):
        yield
