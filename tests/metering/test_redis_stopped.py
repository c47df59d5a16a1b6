"""Redis goes away under load: every decision stays right, every page and answer comes."""

from __future__ import annotations

import pytest
from django.test import override_settings
from pytest_django import Settings

from cutroom import clock
from metering import services, snapshot
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import QuotaCounter
from tenants.context import tenant_context
from tests.cast import Cast, bearer, browser_of
from tests.threads import at_once

NOBODY_LISTENS = "redis://127.0.0.1:1/0"
CHECK = "/api/v1/usage/check?meter=images_count&amount=1"


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metering.snapshot._Breaker.closed_until", 0.0)


@pytest.mark.committed
def test_quota_decides_and_answers_without_redis(committed_cast: Cast, settings: Settings) -> None:
    """Redis stops after a third of 60 deeds: uploads race for seven, pages and answers are asked for."""
    cast = committed_cast
    statuses: list[int] = []
    admitted: list[int] = []

    def deed(number: int) -> None:
        if number == 20:
            settings.REDIS_URL = NOBODY_LISTENS
        if number % 3 == 0:
            statuses.append(browser_of(cast.alice, cast.acme).get("/usage").status_code)
        elif number % 3 == 1:
            statuses.append(bearer(cast.alice, cast.acme).get(CHECK).status_code)
        else:
            try:
                with tenant_context(cast.acme.pk):
                    services.charge(
                        tenant_id=cast.acme.pk,
                        event_key=f"upload:{number}",
                        meter=Meter.UPLOADS,
                        amount=1,
                        subject="asset:1",
                        at=clock.now(),
                    )
                admitted.append(number)
            except QuotaExceeded:
                return

    at_once(deed, count=60, threads=6)
    assert set(statuses) == {200}
    assert len(admitted) == 7
    with tenant_context(cast.acme.pk):
        assert QuotaCounter.objects.get(meter="uploads_count").used == 7


@pytest.mark.django_db
def test_a_dead_redis_is_asked_once_in_a_while(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(REDIS_URL=NOBODY_LISTENS), tenant_context(cast.acme.pk):
        plans = {snapshot.standing(cast.acme.pk, clock.now()).plan for _ in range(5)}
    assert plans == {"free"}
    assert [record.message for record in caplog.records].count("usage_without_redis") == 1
