"""Whether somebody has an account cannot be told by the clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tenants.context import tenant_context
from tenants.models import Tenant, TenantState
from tests.cast import Cast

REQUEST = "/api/auth/magic-link/request"
ASKED = 400
# One honest comparison in a hundred looks like a difference. A real one looks so every time.
ROUNDS = 3


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """Two-sided p of the Mann-Whitney U test, by its normal approximation; timings have next to no ties."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    rank_sum = sum(rank for rank, (_, group) in enumerate(ranked, start=1) if group == 0)
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def test_the_instrument_tells_a_difference_from_none() -> None:
    even = [float(number) for number in range(0, 800, 2)]
    odd = [number + 1.0 for number in even]
    late = [number + 80.0 for number in even]
    assert mann_whitney(even, odd) > 0.5
    assert mann_whitney(even, late) < 0.001


@pytest.fixture
def addresses(cast: Cast) -> dict[str, str]:
    """One address of each kind that an attacker would like to tell apart."""
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    with tenant_context(cast.globex.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    people = {"known": cast.alice, "closed": cast.bob, "suspended": cast.charlie}
    return {"unknown": "nobody@acme.test", **{kind: person.email for kind, person in people.items()}}


def timings(addresses: dict[str, str], forget_limits: Callable[[], None]) -> dict[str, list[float]]:
    """Seconds of four hundred questions of each kind, alternating."""
    client = APIClient()
    seconds: dict[str, list[float]] = {kind: [] for kind in addresses}
    for number in range(ASKED):
        kinds = list(addresses)
        # Whoever comes after a collection of garbage pays for it: each kind has each place in turn.
        for kind in kinds[number % len(kinds) :] + kinds[: number % len(kinds)]:
            forget_limits()
            started = time.perf_counter()
            client.post(REQUEST, {"email": addresses[kind]})
            seconds[kind].append(time.perf_counter() - started)
    return seconds


@pytest.mark.django_db
def test_e2_known_unknown_closed_and_suspended_addresses_take_the_same_time(
    addresses: dict[str, str], forget_limits: Callable[[], None]
) -> None:
    suspected = set(combinations(addresses, 2))
    for _ in range(ROUNDS):
        kinds = {kind for pair in suspected for kind in pair}
        seconds = timings({kind: addresses[kind] for kind in addresses if kind in kinds}, forget_limits)
        suspected = {pair for pair in suspected if mann_whitney(*(seconds[kind] for kind in pair)) < 0.01}
        if not suspected:
            return
    assert suspected == set(), "These can be told apart by the clock, each of three times."
