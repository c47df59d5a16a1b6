"""Levels: storage rises and falls, is never refused what it already stores, and never resets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from metering import services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import ThresholdCrossing, UsageEvent
from tenants.models import Tenant
from tests.metering.conftest import NOON, counters

GB = 10**9


@pytest.fixture
def store(inside: Tenant) -> Callable[..., None]:
    """store(key, delta in bytes)."""

    def change(key: str, delta: int, at: datetime = NOON) -> None:
        services.record_level(
            tenant_id=inside.pk, event_key=key, meter=Meter.STORAGE, delta=delta, subject="asset:1", at=at
        )

    return change


def test_it_rises_and_falls_once_per_key(store: Callable[..., None]) -> None:
    for _ in range(2):
        store("stored", 5 * GB)
        store("deleted", -2 * GB)
    assert counters() == {"storage_gb": (3 * GB, 0)}
    assert UsageEvent.objects.count() == 2


def test_it_stays_over_the_turn_of_the_month(store: Callable[..., None]) -> None:
    store("stored", 5 * GB, datetime(2026, 11, 30, tzinfo=UTC))
    store("deleted", -1 * GB, datetime(2026, 12, 2, tzinfo=UTC))
    assert counters() == {"storage_gb": (4 * GB, 0)}


def test_what_is_stored_is_recorded_above_the_limit(store: Callable[..., None]) -> None:
    store("stored", 120 * GB)
    assert counters() == {"storage_gb": (120 * GB, 0)}


def test_an_upload_that_asks_first_is_refused_when_it_does_not_fit(
    inside: Tenant, store: Callable[..., None]
) -> None:
    store("stored", 95 * GB)
    with pytest.raises(QuotaExceeded, match=r"storage_gb \(95% of 100 limit\)") as refusal:
        services.charge(
            tenant_id=inside.pk,
            event_key="upload:1",
            meter=Meter.STORAGE,
            amount=6 * GB,
            subject="asset:2",
            at=NOON,
        )
    assert refusal.value.members["resets_at"] is None
    assert counters() == {"storage_gb": (95 * GB, 0)}


def test_a_level_that_fell_may_reach_its_threshold_again(store: Callable[..., None]) -> None:
    store("stored", 60 * GB)
    assert [crossing.percent for crossing in ThresholdCrossing.objects.all()] == [50]
    store("deleted", -20 * GB)
    assert not ThresholdCrossing.objects.exists()
    store("stored again", 15 * GB)
    assert [crossing.percent for crossing in ThresholdCrossing.objects.all()] == [50]


def test_only_a_level_can_be_recorded_as_one(inside: Tenant) -> None:
    with pytest.raises(ValueError, match="images_count is consumed"):
        services.record_level(
            tenant_id=inside.pk, event_key="e", meter=Meter.IMAGES, delta=-1, subject="s", at=NOON
        )
