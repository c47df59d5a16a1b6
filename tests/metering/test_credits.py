"""Credits: used when the limit is full, soonest expiry first, given back first, exact under any race."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from cutroom.errors import InvalidInput
from metering import allowances, readings, reconciliation, services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import CreditDraw, CreditLot
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant
from tests.metering.conftest import NOON, counters
from tests.threads import at_once

WHY = "Bought as a top-up."


def add(key: str, amount: int, *, days: int | None = None, meter: Meter = Meter.IMAGES) -> CreditLot:
    expires_at = NOON + timedelta(days=days) if days is not None else None
    return allowances.add_credits(
        key=key, meter=meter, amount=amount, reason=WHY, author_id=None, at=NOON, expires_at=expires_at
    )


def left() -> dict[str, int]:
    return dict(CreditLot.objects.values_list("key", "remaining"))


def test_the_limit_is_used_first(reserve: Callable[..., None]) -> None:
    add("lot", 5)
    reserve("render:1", images_count=10)
    assert left() == {"lot": 5}


def test_what_the_limit_does_not_admit_is_drawn_from_the_lot_that_expires_soonest(
    reserve: Callable[..., None],
) -> None:
    add("for ever", 5)
    add("in a month", 5, days=30)
    add("in a week", 5, days=7)
    reserve("render:1", images_count=17)
    assert left() == {"in a week": 0, "in a month": 3, "for ever": 5}
    assert counters() == {"images_count": (0, 17)}


def test_credits_also_pay_for_what_is_done_at_once(charge: Callable[..., None]) -> None:
    add("lot", 5)
    for _ in range(2):
        charge("images:1", Meter.IMAGES, 12)
    assert (left(), counters()) == ({"lot": 3}, {"images_count": (12, 0)})


def test_no_credits_no_work(reserve: Callable[..., None]) -> None:
    add("lot", 5)
    with pytest.raises(QuotaExceeded) as refusal:
        reserve("render:1", images_count=16)
    assert (left(), counters()) == ({"lot": 5}, {})
    assert refusal.value.members["limit"] == 15


def test_a_lot_that_expired_pays_for_nothing(reserve: Callable[..., None]) -> None:
    add("lot", 5, days=1)
    with pytest.raises(QuotaExceeded):
        reserve("render:1", images_count=11, at=NOON + timedelta(days=1))


def test_what_comes_back_goes_to_credits_first_the_longest_lasting_first(
    inside: Tenant, reserve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cutroom.clock.now", lambda: NOON)
    add("for ever", 5)
    add("in a week", 5, days=7)
    reserve("render:1", images_count=9)
    reserve("render:2", images_count=9)
    assert left() == {"in a week": 0, "for ever": 2}
    services.release(tenant_id=inside.pk, reservation_key="render:1")
    assert left() == {"in a week": 5, "for ever": 5}
    assert counters() == {"images_count": (0, 9)}


def test_an_expired_lot_takes_nothing_back_but_the_plan_does(
    inside: Tenant, reserve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("in a day", 5, days=1)
    reserve("render:1", images_count=15)
    monkeypatch.setattr("cutroom.clock.now", lambda: NOON + timedelta(days=2))
    services.release(tenant_id=inside.pk, reservation_key="render:1")
    reading = readings.of_meter(inside.pk, Meter.IMAGES, NOON + timedelta(days=2))
    assert (reading.taken, reading.credited, reading.capacity) == (0, 5, 15)
    reserve("render:2", images_count=15, at=NOON + timedelta(days=2))


def test_a_lower_limit_does_not_lock_credits_away(reserve: Callable[..., None], settings: Settings) -> None:
    reserve("render:1", images_count=10)
    settings.METERING_PLANS = {"free": {"limits": {"images_count": 2}, "features": []}}
    add("lot", 5)
    reserve("render:2", images_count=5)
    with pytest.raises(QuotaExceeded):
        reserve("render:3", images_count=1)


def test_a_purchase_counts_once(inside: Tenant) -> None:
    first, again = add("payment:1", 5), add("payment:1", 5)
    assert first == again
    assert AuditEntry.objects.filter(action="credits.added").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "gift"}, "reason"),
        ({"amount": 0}, "amount"),
        ({"meter": Meter.STORAGE}, "meter"),
        ({"expires_at": NOON}, "expires_at"),
    ],
)
def test_senseless_credits_are_refused(inside: Tenant, changes: dict[str, object], field: str) -> None:
    values = {"key": "lot", "meter": Meter.IMAGES, "amount": 5, "reason": WHY, "author_id": None, "at": NOON}
    with pytest.raises(InvalidInput) as refusal:
        allowances.add_credits(**{**values, **changes})  # type: ignore[arg-type]  # wrong on purpose
    assert refusal.value.members["errors"][0]["field"] == field


@pytest.mark.committed
def test_no_race_draws_a_unit_twice_or_loses_one(acme: Tenant) -> None:
    """48 holds of one unit want 10 of the plan and 20 of three lots, while a third of them is given back."""
    with tenant_context(acme.pk):
        for number in range(3):
            add(f"lot:{number}", 7 - number % 2, days=number + 1)
    admitted: list[str] = []

    def ask(number: int) -> None:
        key = f"render:{number}"
        try:
            with tenant_context(acme.pk):
                services.reserve(tenant_id=acme.pk, key=key, amounts={Meter.IMAGES: 1}, at=NOON)
        except QuotaExceeded:
            return
        if number % 3:
            admitted.append(key)
            return
        with tenant_context(acme.pk):
            services.release(tenant_id=acme.pk, reservation_key=key)

    at_once(ask, count=48, threads=16)
    with tenant_context(acme.pk):
        used = dict.fromkeys(counters(), (0, len(admitted)))
        assert counters() == used
        assert len(admitted) <= 30
        drawn = sum(CreditDraw.objects.values_list("amount", flat=True))
        assert sum(left().values()) + drawn == 20
        assert drawn >= len(admitted) - 10
    assert all(balance.is_exact for balance in reconciliation.balances())
    assert reconciliation.wrong_lots() == []


def test_a_quote_and_a_hold_agree(inside: Tenant, reserve: Callable[..., None]) -> None:
    add("lot", 5)
    reserve("render:1", images_count=8)
    reading = readings.of_meter(inside.pk, Meter.IMAGES, NOON)
    assert [reading.admits(amount) for amount in (0, 2, 7, 8)] == [True, True, True, False]
