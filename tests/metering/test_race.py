"""Races of real threads on real connections: none admits more than the limit, none loses a unit."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connections

from metering import services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import Reservation, UsageEvent
from metering.reconciliation import balances
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.metering.conftest import NOON, counters

THREADS = 64

pytestmark = pytest.mark.committed


def race(deed: Callable[[Any], None], things: Sequence[Any]) -> None:
    """Do `deed` for each thing, shuffled, from 64 threads that start together. Raises what one raised."""
    pending = list(things)
    random.shuffle(pending)
    raised: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def work() -> None:
        start.wait()
        try:
            while pending:
                try:
                    thing = pending.pop()
                except IndexError:
                    return
                deed(thing)
        except BaseException as error:  # the test fails with it, in its own thread
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def settle(tenant: Tenant, *, reservation_key: str, event_key: str, amount: int) -> None:
    services.settle(
        tenant_id=tenant.pk,
        reservation_key=reservation_key,
        event_key=event_key,
        meter=Meter.RENDER,
        amount=amount,
        subject="render:1",
        at=NOON,
    )


def test_no_race_admits_more_than_the_limit(acme: Tenant) -> None:
    """160 keys of four copies each ask for 10 of 500 minutes on three meters: exactly 50 keys get them."""
    admitted: list[str] = []
    amounts = {Meter.RENDER: 10 * 60_000, Meter.TTS: 1, Meter.STORAGE: 1}

    def ask(key: str) -> None:
        try:
            with tenant_context(acme.pk):
                services.reserve(tenant_id=acme.pk, key=key, amounts=amounts, at=NOON)
        except QuotaExceeded:
            return
        admitted.append(key)

    race(ask, [f"render:{number}" for number in range(160) for _ in range(4)])
    with tenant_context(acme.pk):
        assert len(set(admitted)) == 50
        assert counters() == {
            "render_minutes": (0, 500 * 60_000),
            "tts_minutes": (0, 50),
            "storage_gb": (0, 50),
        }
        assert Reservation.objects.count() == 150


def test_parts_settled_at_once_and_twice_are_used_once(acme: Tenant) -> None:
    keys = [f"render:{number}" for number in range(10)]
    with tenant_context(acme.pk):
        for key in keys:
            services.reserve(tenant_id=acme.pk, key=key, amounts={Meter.RENDER: 1200}, at=NOON)

    def use(part: tuple[str, int]) -> None:
        key, number = part
        with tenant_context(acme.pk):
            settle(acme, reservation_key=key, event_key=f"{key}:{number}", amount=100)

    race(use, [(key, number) for key in keys for number in range(13) for _ in range(2)])
    with tenant_context(acme.pk):
        assert counters() == {"render_minutes": (10 * 1300, 0)}
        assert UsageEvent.objects.count() == 130
    assert all(balance.is_exact for balance in balances())


def test_reserve_settle_and_release_at_once_keep_the_books(acme: Tenant) -> None:
    def deed(thing: tuple[str, str]) -> None:
        verb, key = thing
        with tenant_context(acme.pk):
            if verb == "reserve":
                amounts = {Meter.TTS: 50, Meter.RENDER: 50, Meter.IMAGES: 1}
                services.reserve(tenant_id=acme.pk, key=key, amounts=amounts, at=NOON)
            elif verb == "settle":
                settle(acme, reservation_key=key, event_key=f"{key}:done", amount=60)
            else:
                services.release(tenant_id=acme.pk, reservation_key=key)

    keys = [f"render:{number}" for number in range(10)]
    race(deed, [(verb, key) for key in keys for verb in ("reserve", "settle", "release") for _ in range(4)])
    with tenant_context(acme.pk):
        assert counters()["render_minutes"][0] == 10 * 60
    assert all(balance.is_exact for balance in balances())
