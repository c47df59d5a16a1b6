"""Whether a tenant's pages, answers and erasure get slower as others, or its own history, grow.

Ledgers are written by SQL, pages are asked for in this process through all of the middleware. Tenants of one
stage are timed in turns. Stages lie minutes apart, so everything there is measured in times of a page or a
deed that has nothing to do with the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from cutroom import clock
from cutroom.terminal import say
from gdpr.erasure import local
from tenants.models import Role, Tenant
from tests.bench import crowds, rounds
from tests.cast import bearer, browser_of, found_tenant, join

FEW_EVENTS = 100
FEW_TENANTS = 100
CONTROL = "/team"
ANSWERS = {
    "usage page": "/usage",
    "usage API": "/api/v1/usage",
    "history API": "/api/v1/usage/history",
    "ledger API": "/api/v1/usage/events",
    "list of renders": "/api/v1/renders",
}
ERASED = 9
AMPLE = {"free": {"tenant": 10**6, "key": 10**6}}


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How many times as long things take, by name; `queries` of the usage page.

    `one`: for a tenant that owns `events` lines as for one with a hundred. `crowd`: for one with a hundred
    when others own so many as in the small beginning; `erasure` likewise. `own`: erasing ten times as much.
    """

    events: int
    tenants: int
    one: dict[str, float]
    crowd: dict[str, float]
    erasure: float
    own: float
    queries: int


def measure(*, tenants: int, repeats: int) -> Growth:
    """Begin with a hundred tenants of a hundred events each, and grow to `tenants`."""
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["*"], ACCOUNTS_REQUEST_LIMITS=AMPLE):
        crowd = crowds.tenants(FEW_TENANTS, first=0)
        _furnish(crowd)
        few = _newcomer("few", events=FEW_EVENTS)
        people = {few: join(few, "member", Role.ADMIN)}
        small, erased = _stage(people, repeats=repeats), _erasure(events=FEW_EVENTS)
        say(f"Writing {tenants * FEW_EVENTS * 2} usage events")
        _furnish(crowds.tenants(tenants - FEW_TENANTS, first=FEW_TENANTS))
        one = _newcomer("one", events=tenants * FEW_EVENTS)
        people[one] = join(one, "member", Role.ADMIN)
        crowds.settle_down()
        large = _stage(people, repeats=repeats)
        return Growth(
            events=tenants * FEW_EVENTS,
            tenants=tenants,
            one=_times(large[one], large[few]),
            crowd=_times(large[few], small[few]),
            erasure=_erasure(events=FEW_EVENTS) / erased,
            own=_erasure(events=FEW_EVENTS * 10) / erased,
            queries=_queries(one),
        )


def _furnish(crowd: list[UUID]) -> None:
    crowds.ledgers(crowd, events=FEW_EVENTS, month=_month())
    crowds.renders(crowd)
    crowds.settle_down()


def _newcomer(name: str, *, events: int) -> Tenant:
    tenant = found_tenant(f"bench-{name}")
    crowds.ledgers([tenant.pk], events=events, month=_month())
    crowds.renders([tenant.pk])
    return tenant


def _stage(people: Mapping[Tenant, User], *, repeats: int) -> dict[Tenant, dict[str, float]]:
    """For each tenant what each answer to its one member takes, in times of the control; all in turns."""
    works = {}
    for tenant, member in people.items():
        page, api = browser_of(member, tenant), bearer(member, tenant)
        works[tenant, CONTROL] = _asker(page, CONTROL)
        for name, path in ANSWERS.items():
            works[tenant, name] = _asker(page if path == "/usage" else api, path)
    named = {f"{tenant.slug} {name}": work for (tenant, name), work in works.items()}
    seconds = rounds.quick_times(named, rounds=5, repeats=repeats // 2)
    return {
        tenant: {
            name: seconds[f"{tenant.slug} {name}"] / seconds[f"{tenant.slug} {CONTROL}"] for name in ANSWERS
        }
        for tenant in people
    }


def _asker(client: Client | APIClient, path: str) -> Callable[[], None]:
    def ask() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise ValueError(f"GET {path}: {answer.status_code}")

    return ask


def _erasure(*, events: int) -> float:
    """What it takes to remove rows and files of one tenant, in times of making an empty one."""
    times = []
    for _ in range(ERASED):
        tenant = _newcomer(f"gone-{time.monotonic_ns()}", events=events)
        made = rounds.quick_times(
            {"made": lambda: found_tenant(f"made-{time.monotonic_ns()}")}, rounds=1, repeats=20
        )
        started = time.perf_counter()
        local.purge_tenant(tenant.pk)
        times.append((time.perf_counter() - started) / made["made"])
    return median(times)


def _queries(tenant: Tenant) -> int:
    page = browser_of(join(tenant, "counted", Role.ADMIN), tenant)
    page.get("/usage")
    with CaptureQueriesContext(connection) as captured:
        page.get("/usage")
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(control) for query in captured.captured_queries)


def _times(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: now[name] / before[name] for name in ANSWERS}


def _month() -> str:
    return f"{clock.now():%Y-%m}-01"
