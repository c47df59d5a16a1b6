"""Leases: what nobody settles comes back by itself, for every tenant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from cutroom import clock
from metering import services
from metering.meters import Meter
from metering.tasks import release_expired
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import found_tenant
from tests.metering.conftest import counters

pytestmark = pytest.mark.committed

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _an_hour(settings: Settings) -> None:
    settings.METERING_LEASE_SECONDS = 3600


def hold(tenant: Tenant, key: str, *, hours_ago: float) -> None:
    with tenant_context(tenant.pk):
        at = clock.now() - hours_ago * HOUR
        services.reserve(tenant_id=tenant.pk, key=key, amounts={Meter.TTS: 5, Meter.RENDER: 7}, at=at)


def test_the_sweeper_releases_what_lapsed_and_leaves_the_rest() -> None:
    acme, globex = found_tenant("acme"), found_tenant("globex")
    hold(acme, "render:1", hours_ago=1.5)
    hold(acme, "render:2", hours_ago=0.5)
    hold(globex, "render:3", hours_ago=2)
    assert release_expired() == 4
    for tenant, held in ((acme, 7), (globex, 0)):
        with tenant_context(tenant.pk):
            assert sum(row[1] for name, row in counters().items() if name == "render_minutes") == held
    assert release_expired() == 0


def test_every_settle_renews_the_lease(acme: Tenant) -> None:
    hold(acme, "render:1", hours_ago=1.5)
    with tenant_context(acme.pk):
        services.settle(
            tenant_id=acme.pk,
            reservation_key="render:1",
            event_key="segment:1",
            meter=Meter.RENDER,
            amount=2,
            subject="render:1",
            at=clock.now(),
        )
    release_expired()
    with tenant_context(acme.pk):
        assert counters()["render_minutes"] == (2, 5)
