"""Any order of reserve, settle and release, over a turn of the month, keeps the books of a plain model."""

from __future__ import annotations

import uuid
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from metering import services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import QuotaCounter, Reservation, UsageEvent
from tenants.context import tenant_context
from tests.cast import found_tenant
from tests.metering.conftest import LIMITS

KEYS = st.sampled_from(["render:1", "render:2", "render:3"])
EVENTS = st.integers(0, 40).map("event:{}".format)
METERS = st.sampled_from([Meter.IMAGES, Meter.UPLOADS])
MONTHS = st.sampled_from([datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)])

Slot = tuple[Meter, int]


class Books(RuleBasedStateMachine):
    """The model: what is used and held by meter and month, and what each key still holds."""

    def __init__(self) -> None:
        super().__init__()
        self.used: dict[Slot, int] = defaultdict(int)
        self.held: dict[Slot, int] = defaultdict(int)
        self.reserved: dict[tuple[str, Meter], tuple[int, int]] = {}
        self.events: set[str] = set()
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.tenant_id = found_tenant(f"books-{uuid.uuid4().hex[:8]}").pk
        self.stack.enter_context(tenant_context(self.tenant_id))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.stack.close()

    @rule(key=KEYS, images=st.integers(0, 6), uploads=st.integers(0, 4), at=MONTHS)
    def reserve(self, key: str, images: int, uploads: int, at: datetime) -> None:
        wanted = {Meter.IMAGES: images, Meter.UPLOADS: uploads}
        fresh = {
            meter: amount for meter, amount in wanted.items() if amount and (key, meter) not in self.reserved
        }
        fits = all(
            self.used[meter, at.month] + self.held[meter, at.month] + amount <= LIMITS[meter.value]
            for meter, amount in fresh.items()
        )
        try:
            services.reserve(tenant_id=self.tenant_id, key=key, amounts=wanted, at=at)
        except QuotaExceeded:
            assert not fits
            return
        assert fits
        for meter, amount in fresh.items():
            self.reserved[key, meter] = (at.month, amount)
            self.held[meter, at.month] += amount

    @rule(key=KEYS, event=EVENTS, meter=METERS, amount=st.integers(0, 5), at=MONTHS)
    def settle(self, key: str, event: str, meter: Meter, amount: int, at: datetime) -> None:
        services.settle(
            tenant_id=self.tenant_id,
            reservation_key=key,
            event_key=event,
            meter=meter,
            amount=amount,
            subject=key,
            at=at,
        )
        if event in self.events:
            return
        self.events.add(event)
        month, rest = self.reserved.get((key, meter), (at.month, 0))
        self.used[meter, month] += amount
        self.held[meter, month] -= min(rest, amount)
        if rest:
            self.reserved[key, meter] = (month, rest - min(rest, amount))

    @rule(key=KEYS)
    def release(self, key: str) -> None:
        services.release(tenant_id=self.tenant_id, reservation_key=key)
        for (other, meter), (month, rest) in self.reserved.items():
            if other == key:
                self.held[meter, month] -= rest
                self.reserved[other, meter] = (month, 0)

    @invariant()
    def counters_are_the_model(self) -> None:
        for counter in QuotaCounter.objects.all():
            slot = (Meter(counter.meter), counter.period_start.month)
            assert (counter.used, counter.held) == (self.used[slot], self.held[slot])

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        lines = UsageEvent.objects.order_by().values_list("meter", "period_start").annotate(Sum("amount"))
        found = {(Meter(meter), start.month): total for meter, start, total in lines}
        assert found == {slot: total for slot, total in self.used.items() if slot in found}
        assert sum(found.values()) == sum(self.used.values())
        open_rows = Reservation.objects.filter(state="held").aggregate(total=Sum("amount_held"))
        assert (open_rows["total"] or 0) == sum(self.held.values())


@pytest.mark.django_db
def test_the_books_always_balance() -> None:
    run_state_machine_as_test(
        Books,
        settings=hypothesis_settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
