"""What the metering tests share: a tenant, small limits, a fixed moment and short names for the moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings

from metering import services
from metering.meters import Meter
from metering.models import QuotaCounter
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import found_tenant

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

LIMITS = {
    "images_count": 10,
    "tts_minutes": 1000,
    "render_minutes": 500,
    "storage_gb": 100,
    "uploads_count": 7,
}


@pytest.fixture(autouse=True)
def _plans(settings: Settings) -> None:
    """Metering without billing: everybody is on a plan with limits that are easy to count to."""
    settings.METERING_ENTITLEMENTS = "metering.entitlements.default_plan"
    settings.METERING_PLANS = {
        "free": {"limits": LIMITS, "features": []},
        "pro": {"limits": {}, "features": ["4k", "publish"]},
    }


@pytest.fixture
def acme(db: None) -> Tenant:
    """A tenant that has used nothing yet."""
    return found_tenant("acme")


@pytest.fixture
def inside(acme: Tenant) -> Iterator[Tenant]:
    """The same tenant, in context for the whole test."""
    with tenant_context(acme.pk):
        yield acme


@pytest.fixture
def reserve(inside: Tenant) -> Callable[..., None]:
    """reserve(key, render_minutes=…, …): amounts in the smallest unit."""

    def hold(key: str, *, at: datetime = NOON, **amounts: int) -> None:
        by_meter = {Meter(name): amount for name, amount in amounts.items()}
        services.reserve(tenant_id=inside.pk, key=key, amounts=by_meter, at=at)

    return hold


@pytest.fixture
def settle(inside: Tenant) -> Callable[..., None]:
    """settle(reservation_key, event_key, meter, amount)."""

    def use(reservation_key: str, event_key: str, meter: Meter, amount: int, **more: Any) -> None:
        services.settle(
            tenant_id=inside.pk,
            reservation_key=reservation_key,
            event_key=event_key,
            meter=meter,
            amount=amount,
            subject="render:1",
            **{"at": NOON, **more},
        )

    return use


def counters() -> dict[str, tuple[int, int]]:
    """(used, held) by meter, of the tenant in context; meters of several months are added up."""
    found: dict[str, tuple[int, int]] = {}
    for counter in QuotaCounter.objects.all():
        used, held = found.get(counter.meter, (0, 0))
        found[counter.meter] = (used + counter.used, held + counter.held)
    return found


@pytest.fixture
def charge(inside: Tenant) -> Callable[..., None]:
    """charge(event_key, meter, amount): asked for and used at once."""

    def pay(event_key: str, meter: Meter, amount: int) -> None:
        services.charge(
            tenant_id=inside.pk, event_key=event_key, meter=meter, amount=amount, subject="render:1", at=NOON
        )

    return pay
