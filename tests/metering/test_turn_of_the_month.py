"""Month ends, leap days, midnight under load, and months that begin on another day than the first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from metering import periods, readings, reconciliation, services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import QuotaCounter
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.threads import at_once

MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def anniversaries(settings: Settings) -> Iterator[None]:
    """Everybody's months begin on the day they signed up."""
    settings.METERING_PERIOD_ANCHOR = "metering.periods.day_of_founding"
    yield
    periods.day_of_founding.cache_clear()


def charge(tenant: Tenant, key: str, at: datetime, amount: int = 1) -> None:
    services.charge(
        tenant_id=tenant.pk,
        event_key=key,
        meter=Meter.IMAGES,
        amount=amount,
        subject="render:1",
        at=at,
    )


def used_by_period() -> dict[str, int]:
    """Used in each period of the tenant in context, by its first day."""
    return {f"{row.period_start}": row.used for row in QuotaCounter.objects.exclude(used=0)}


def founded(tenant: Tenant, at: datetime) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(created_at=at)


@pytest.mark.fault(32)
@pytest.mark.committed
def test_a_hundred_submits_across_midnight_are_in_the_month_of_their_moment(
    acme: Tenant, settings: Settings
) -> None:
    """Each holds before midnight or after it; those that hold before settle in either month."""
    settings.METERING_PLANS = {"free": {"limits": {"images_count": 10_000}, "features": []}}

    def submit(number: int) -> None:
        at = MIDNIGHT + timedelta(milliseconds=number - 50)
        with tenant_context(acme.pk):
            services.reserve(
                tenant_id=acme.pk, key=f"render:{number}", amounts={Meter.IMAGES: number + 1}, at=at
            )
        with tenant_context(acme.pk):
            services.settle(
                tenant_id=acme.pk,
                reservation_key=f"render:{number}",
                event_key=f"image:{number}",
                meter=Meter.IMAGES,
                amount=number + 1,
                subject="render:1",
                at=at + timedelta(milliseconds=60),
            )

    at_once(submit, count=100, threads=16)
    with tenant_context(acme.pk):
        assert used_by_period() == {
            "2026-11-01": sum(range(1, 51)),
            "2026-12-01": sum(range(51, 101)),
        }
    assert all(balance.is_exact for balance in reconciliation.balances())


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    ("last", "first"),
    [
        (datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_full_month_is_full_to_its_last_moment_and_empty_a_moment_later(
    inside: Tenant, last: datetime, first: datetime
) -> None:
    charge(inside, "all", last.replace(day=1), 10)
    with pytest.raises(QuotaExceeded):
        charge(inside, "one more", last)
    charge(inside, "next", first, 10)
    assert list(used_by_period().values()) == [10, 10]


@pytest.mark.fault(32)
@pytest.mark.usefixtures("anniversaries")
def test_months_begin_on_the_day_of_founding_and_clamp(inside: Tenant) -> None:
    founded(inside, datetime(2026, 1, 31, 15, tzinfo=UTC))
    for month, day in ((1, 31), (2, 27), (2, 28), (3, 30), (3, 31), (4, 29), (4, 30)):
        charge(inside, f"{month}-{day}", datetime(2026, month, day, 12, tzinfo=UTC))
    assert used_by_period() == {"2026-01-31": 2, "2026-02-28": 2, "2026-03-31": 2, "2026-04-30": 1}


@pytest.mark.usefixtures("anniversaries")
def test_an_anniversary_says_when_it_resets(inside: Tenant) -> None:
    founded(inside, datetime(2026, 1, 31, tzinfo=UTC))
    at = datetime(2026, 2, 10, tzinfo=UTC)
    charge(inside, "all", at, 10)
    with pytest.raises(QuotaExceeded) as refusal:
        charge(inside, "one more", at)
    assert refusal.value.members["resets_at"] == "2026-02-28T00:00:00Z"
    reading = readings.of_meter(inside.pk, Meter.IMAGES, at)
    assert (reading.used, f"{reading.period.start}", f"{reading.period.end}") == (
        10,
        "2026-01-31",
        "2026-02-28",
    )


@pytest.mark.fault(32)
@pytest.mark.usefixtures("anniversaries")
def test_a_release_after_the_turn_goes_back_to_the_period_that_held(inside: Tenant) -> None:
    founded(inside, datetime(2026, 1, 31, tzinfo=UTC))
    before, after = datetime(2026, 2, 27, 23, tzinfo=UTC), datetime(2026, 2, 28, 1, tzinfo=UTC)
    services.reserve(tenant_id=inside.pk, key="render:1", amounts={Meter.IMAGES: 4}, at=before)
    charge(inside, "next", after, 3)
    services.settle(
        tenant_id=inside.pk,
        reservation_key="render:1",
        event_key="image:1",
        meter=Meter.IMAGES,
        amount=2,
        subject="render:1",
        at=after,
    )
    services.release(tenant_id=inside.pk, reservation_key="render:1")
    assert used_by_period() == {"2026-01-31": 2, "2026-02-28": 3}
    assert set(QuotaCounter.objects.values_list("held", flat=True)) == {0}
