"""Whether a tenant's pages, answers and erasure get slower as others, or its own history, grow.

Ledgers are written by SQL, pages are asked for in this process through all of the middleware. Stages lie
minutes apart, so each is measured against a page that reads no ledger, timed in turns with the others.
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

from cutroom import clock
from cutroom.console import say
from gdpr.erasure import local
from tenants.models import Role, Tenant
from tests.bench import crowds, rounds
from tests.cast import bearer, browser_of, found_tenant, join

FEW_EVENTS = 100
FEW_TENANTS = 100
CONTROL = "/api/billing/plans"
CONTROL_OF_ERASURE = "/login"
ANSWERS = {
    "usage page": "/usage",
    "usage API": "/api/v1/usage",
    "history API": "/api/v1/usage/history",
    "ledger API": "/api/v1/usage/events",
    "list of renders": "/api/v1/renders",
}
ERASED = 5
AMPLE = {"free": {"tenant": 10**6, "key": 10**6}}


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How many times as long things take as in the small beginning, by name; `queries` of the usage page.

    `one` is a tenant that owns `events` lines itself, `crowd` one with few among so many of others,
    `erasure` the erasure of such a one, `own` of one with ten times as much of its own.
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
        small, erased = _stage(few, repeats=repeats), _erasure(events=FEW_EVENTS)
        say(f"Writing {tenants * FEW_EVENTS * 2} usage events")
        _furnish(crowds.tenants(tenants - FEW_TENANTS, first=FEW_TENANTS))
        one = _newcomer("one", events=tenants * FEW_EVENTS)
        crowds.settle_down()
        large = _stage(few, repeats=repeats)
        return Growth(
            events=tenants * FEW_EVENTS,
            tenants=tenants,
            one=_times(_stage(one, repeats=repeats), small),
            crowd=_times(large, small),
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


def _stage(tenant: Tenant, *, repeats: int) -> dict[str, float]:
    """Seconds of each answer to a member of the tenant, in those of the control."""
    member = join(tenant, f"member-{time.monotonic_ns()}", Role.ADMIN)
    page, api = browser_of(member, tenant), bearer(member, tenant)
    works = {name: _asker(page if path == "/usage" else api, path) for name, path in ANSWERS.items()}
    seconds = rounds.medians({**works, "control": _asker(api, CONTROL)}, rounds=5, repeats=repeats)
    return {name: seconds[name] / seconds["control"] for name in ANSWERS}


def _asker(client: Client | APIClient, path: str) -> Callable[[], None]:
    def ask() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise ValueError(f"GET {path}: {answer.status_code}")

    return ask


def _erasure(*, events: int) -> float:
    """Seconds that the rows and files of one tenant take to go, in those of the control."""
    control = _asker(APIClient(), CONTROL_OF_ERASURE)
    times = []
    for number in range(ERASED):
        tenant = _newcomer(f"gone-{time.monotonic_ns()}-{number}", events=events)
        yardstick = rounds.medians({"control": control}, rounds=1, repeats=20)["control"]
        started = time.perf_counter()
        local.purge_tenant(tenant.pk)
        times.append((time.perf_counter() - started) / yardstick)
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
