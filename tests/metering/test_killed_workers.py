"""64 clients in four processes race one limit on three meters, four copies of each key; one is killed."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from metering import reconciliation
from metering.models import QuotaCounter, Reservation
from tenants.context import tenant_context
from tests.cast import Cast
from tests.metering.racer import AMOUNTS
from tests.workers import ROOT, wait_until, worker_environment

KEYS = 160
ADMITTED = 100
PROCESSES = 4

Racers = list[subprocess.Popen[str]]


@pytest.fixture
def racers(committed_cast: Cast) -> Iterator[Racers]:
    """Four processes that wait for a line to begin."""
    command = [sys.executable, "-m", "tests.metering.racer", str(committed_cast.acme.pk), str(KEYS)]
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=worker_environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def held_and_used(cast: Cast) -> dict[str, int]:
    with tenant_context(cast.acme.pk):
        return {counter.meter: counter.used + counter.held for counter in QuotaCounter.objects.all()}


@pytest.mark.slow
@pytest.mark.committed
def test_a_killed_worker_admits_nothing_twice_and_loses_nothing(committed_cast: Cast, racers: Racers) -> None:
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "up\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    first_blood = random.randint(1, ADMITTED - 20) * 5
    wait_until(
        lambda: held_and_used(committed_cast).get("images_count", 0) >= first_blood,
        what="some to be admitted",
    )
    racers[0].kill()
    assert [racer.wait() for racer in racers[1:]] == [0] * (PROCESSES - 1)

    full = {meter.value: ADMITTED * amount for meter, amount in AMOUNTS.items()}
    assert held_and_used(committed_cast) == full
    with tenant_context(committed_cast.acme.pk):
        assert Reservation.objects.values("key").distinct().count() == ADMITTED
        assert Reservation.objects.filter(amount_held=1).count() == ADMITTED * len(AMOUNTS)
    assert all(balance.is_exact for balance in reconciliation.balances())
