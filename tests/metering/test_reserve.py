"""Reserving: all meters or none, once per key, and a refusal that says what is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from metering import services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import Reservation
from tenants.models import Tenant
from tests.metering.conftest import NOON, counters

MINUTE = 60_000


def test_it_holds_every_meter(reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=3, render_minutes=2 * MINUTE, tts_minutes=90_000)
    assert counters() == {
        "images_count": (0, 3),
        "render_minutes": (0, 2 * MINUTE),
        "tts_minutes": (0, 90_000),
    }


def test_the_refusal_is_the_sentence_of_the_guide(
    reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", render_minutes=475 * MINUTE)
    settle("render:1", "done", Meter.RENDER, 475 * MINUTE)
    with pytest.raises(QuotaExceeded) as refusal:
        reserve("render:2", render_minutes=30 * MINUTE)
    error = refusal.value
    assert error.detail == "Usage quota exceeded for render_minutes (95% of 500 limit)"
    assert (error.status, error.code) == (402, "quota-exceeded")
    assert error.members == {
        "meter": "render_minutes",
        "unit": "minutes",
        "used": 475,
        "held": 0,
        "limit": 500,
        "requested": 30,
        "resets_at": "2026-12-01T00:00:00Z",
        "upgrade_url": error.members["upgrade_url"],
    }
    assert error.members["upgrade_url"].endswith("/billing")


def test_the_percentage_counts_what_running_renders_hold(reserve: Callable[..., None]) -> None:
    reserve("render:1", render_minutes=475 * MINUTE)
    with pytest.raises(QuotaExceeded, match="95% of 500 limit") as refusal:
        reserve("render:2", render_minutes=30 * MINUTE)
    assert (refusal.value.members["used"], refusal.value.members["held"]) == (0, 475)


def test_the_last_unit_can_be_taken_and_no_more(reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=10)
    with pytest.raises(QuotaExceeded, match="100% of 10 limit"):
        reserve("render:2", images_count=1)
    assert counters() == {"images_count": (0, 10)}


@pytest.mark.parametrize("full", [Meter.IMAGES, Meter.UPLOADS])
def test_a_refusal_of_one_meter_holds_none(reserve: Callable[..., None], full: Meter) -> None:
    reserve("render:1", tts_minutes=5)
    with pytest.raises(QuotaExceeded) as refusal:
        reserve("render:2", tts_minutes=5, render_minutes=5, **{full.value: 11})
    assert refusal.value.meter is full
    assert {meter: taken for meter, taken in counters().items() if any(taken)} == {"tts_minutes": (0, 5)}
    assert not Reservation.objects.filter(key="render:2").exists()


def test_a_refused_key_may_ask_again(reserve: Callable[..., None]) -> None:
    with pytest.raises(QuotaExceeded):
        reserve("render:1", images_count=11)
    reserve("render:1", images_count=10)
    assert counters() == {"images_count": (0, 10)}


def test_a_key_holds_once_whatever_became_of_it(inside: Tenant, reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=6)
    reserve("render:1", images_count=6)
    assert counters() == {"images_count": (0, 6)}
    services.release(tenant_id=inside.pk, reservation_key="render:1")
    reserve("render:1", images_count=6)
    assert counters() == {"images_count": (0, 0)}


def test_nothing_asked_is_admitted_even_when_all_is_used(
    reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    settle("none", "late work", Meter.IMAGES, 12)
    reserve("render:1", images_count=0, render_minutes=MINUTE)
    assert counters() == {"images_count": (12, 0), "render_minutes": (0, MINUTE)}


def test_the_next_month_is_empty_again(reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=10, at=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    reserve("render:2", images_count=10, at=datetime(2026, 12, 1, tzinfo=UTC))
    assert counters() == {"images_count": (0, 20)}


def test_a_plan_without_a_limit_is_never_refused(reserve: Callable[..., None], settings: Settings) -> None:
    settings.METERING_DEFAULT_PLAN = "pro"
    reserve("render:1", images_count=10**12)
    assert counters() == {"images_count": (0, 10**12)}


def test_a_negative_amount_is_a_bug(inside: Tenant) -> None:
    with pytest.raises(ValueError, match="not -1"):
        services.reserve(tenant_id=inside.pk, key="render:1", amounts={Meter.IMAGES: -1}, at=NOON)


def test_three_meters_cost_one_query(
    inside: Tenant, reserve: Callable[..., None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        reserve("render:1", images_count=1, render_minutes=MINUTE, tts_minutes=MINUTE)
