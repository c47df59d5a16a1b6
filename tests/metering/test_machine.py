"""Any order of everything that moves the books, over turns of the month, comes to what a plain model says."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cutroom.errors import InvalidInput
from metering import allowances, corrections, services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import (
    CreditDraw,
    CreditLot,
    OverrideKind,
    QuotaCounter,
    Reservation,
    Sharer,
    UsageDaily,
    UsageEvent,
    UsageShare,
)
from tenants.context import tenant_context
from tests.cast import found_tenant
from tests.metering.books import LEASE, PLANS, Model

KEYS = st.sampled_from(["render:1", "render:2", "render:3"])
EVENTS = st.integers(0, 40).map("event:{}".format)
METERS = st.sampled_from([Meter.IMAGES, Meter.UPLOADS])
# Four hours before a month ends.
BEGINNING = datetime(2026, 11, 30, 20, tzinfo=UTC)
WAITS = st.sampled_from([timedelta(hours=1), timedelta(hours=5), timedelta(hours=25), timedelta(days=20)])
WHY = "Any order of anything."


class Books(RuleBasedStateMachine):
    """Everything is done twice: by the services, and by the model."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.at = BEGINNING
        self.number = 0
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.tenant_id = found_tenant(f"books-{uuid.uuid4().hex[:8]}").pk
        self.stack.enter_context(tenant_context(self.tenant_id))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.stack.close()

    @rule(key=KEYS, images=st.integers(0, 6), uploads=st.integers(0, 4))
    def reserve(self, key: str, images: int, uploads: int) -> None:
        wanted = {Meter.IMAGES: images, Meter.UPLOADS: uploads}
        fresh = self.model.fresh(key, wanted)
        try:
            services.reserve(tenant_id=self.tenant_id, key=key, amounts=wanted, at=self.at)
        except QuotaExceeded:
            assert not self.model.admits(fresh, self.at)
            return
        assert self.model.admits(fresh, self.at)
        self.model.reserve(key, fresh, self.at)

    @rule(key=KEYS, event=EVENTS, meter=METERS, amount=st.integers(0, 5))
    def settle(self, key: str, event: str, meter: Meter, amount: int) -> None:
        services.settle(
            tenant_id=self.tenant_id,
            reservation_key=key,
            event_key=event,
            meter=meter,
            amount=amount,
            subject=key,
            at=self.at,
        )
        self.model.settle(key, event, meter, amount, self.at)

    @rule(event=EVENTS, delta=st.integers(-5, 5))
    def record_level(self, event: str, delta: int) -> None:
        services.record_level(
            tenant_id=self.tenant_id,
            event_key=event,
            meter=Meter.STORAGE,
            delta=delta,
            subject="asset:1",
            at=self.at,
        )
        self.model.record_level(event, Meter.STORAGE, delta, self.at)

    @rule(key=KEYS)
    def release(self, key: str) -> None:
        services.release(tenant_id=self.tenant_id, reservation_key=key)
        self.model.release(key)

    @rule()
    def expire(self) -> None:
        services.release_expired(tenant_id=self.tenant_id, at=self.at)
        self.model.expire(self.at)

    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        self.at += wait

    @precondition(lambda self: self.model.lines)
    @rule(data=st.data(), amount=st.integers(-6, 6))
    def correct(self, data: st.DataObject, amount: int) -> None:
        event = data.draw(st.sampled_from(sorted(self.model.lines)))
        line, key = UsageEvent.objects.get(key=event), f"correction:{self._next()}"
        try:
            corrections.correct(line=line, amount=amount, key=key, **self._why())
        except InvalidInput:
            assert not self.model.can_correct(event, amount)
            return
        assert self.model.can_correct(event, amount)
        self.model.correct(event, key, amount)

    @rule()
    def reset(self) -> None:
        self.at += timedelta(seconds=1)
        corrections.reset(**self._why())
        self.model.reset(self.at)

    @rule(meter=METERS, kind=st.sampled_from(OverrideKind), limit=st.none() | st.integers(0, 30))
    def override(self, meter: Meter, kind: OverrideKind, limit: int | None) -> None:
        allowances.override_limit(meter=meter, kind=kind, limit=limit, **self._why())
        self.model.overrides[meter] = (kind, limit)

    @rule(meter=METERS)
    def end_override(self, meter: Meter) -> None:
        allowances.end_override(meter=meter, **self._why())
        self.model.overrides.pop(meter, None)

    @rule(meter=METERS, amount=st.integers(1, 8))
    def add_credits(self, meter: Meter, amount: int) -> None:
        allowances.add_credits(key=f"lot:{self._next()}", meter=meter, amount=amount, **self._why())
        self.model.credits[meter] += amount

    @rule(plan=st.sampled_from(sorted(PLANS)))
    def change_plan(self, plan: str) -> None:
        self.stack.enter_context(override_settings(METERING_DEFAULT_PLAN=plan))
        self.model.plan = plan

    @invariant()
    def counters_are_the_model(self) -> None:
        model = self.model
        found = {
            (Meter(row.meter), row.period_start): (row.used, row.held, row.credited)
            for row in QuotaCounter.objects.all()
        }
        told = {slot: (model.used[slot], model.held[slot], model.credited[slot]) for slot in model.used}
        told |= {slot: (model.used[slot], held, model.credited[slot]) for slot, held in model.held.items()}
        nothing = (0, 0, 0)
        assert {slot for slot in found | told if found.get(slot, nothing) != told.get(slot, nothing)} == set()

    @invariant()
    def ledger_and_sums_say_the_same(self) -> None:
        used = {slot: amount for slot, amount in self.model.used.items() if amount}
        for rows in (UsageEvent.objects, UsageDaily.objects):
            assert _sums(rows.all()) == used
        for kind in Sharer:
            assert _sums(UsageShare.objects.filter(kind=kind)) == used

    @invariant()
    def reservations_and_credits_add_up(self) -> None:
        open_rows = Reservation.objects.filter(state="held").aggregate(total=Sum("amount_held"))
        assert (open_rows["total"] or 0) == sum(self.model.held.values())
        left = CreditLot.objects.order_by().values_list("meter").annotate(Sum("remaining"))
        assert {Meter(meter): total for meter, total in left if total} == {
            meter: total for meter, total in self.model.credits.items() if total
        }
        assert _sums(CreditDraw.objects.all()) == {
            slot: amount for slot, amount in self.model.credited.items() if amount
        }

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _why(self) -> dict[str, Any]:
        return {"reason": WHY, "author_id": None, "at": self.at}


def _sums(rows: Any) -> dict[tuple[Meter, object], int]:
    lines: Iterable[tuple[str, object, int]] = (
        rows.order_by().values_list("meter", "period_start").annotate(Sum("amount"))
    )
    return {(Meter(meter), start): total for meter, start, total in lines if total}


@pytest.mark.django_db
def test_the_books_always_balance() -> None:
    plans = {
        name: {"limits": {meter.value: limit for meter, limit in limits.items()}, "features": []}
        for name, limits in PLANS.items()
    }
    with override_settings(METERING_PLANS=plans, METERING_LEASE_SECONDS=LEASE.total_seconds()):
        run_state_machine_as_test(
            Books,
            settings=hypothesis_settings(
                max_examples=20,
                stateful_step_count=35,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
