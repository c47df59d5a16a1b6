"""What pages read: a row for every meter, the day it runs out, and what would be admitted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from metering import selectors, services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from tenants.models import Tenant
from tests.metering.conftest import LIMITS, NOON, counters

MINUTE = 60_000
GB = 10**9


def row(tenant: Tenant, meter: Meter, at: datetime = NOON) -> selectors.UsageRow:
    return next(row for row in selectors.usage(tenant.pk, at) if row.meter is meter)


def test_a_new_tenant_has_a_row_for_every_meter(inside: Tenant) -> None:
    rows = selectors.usage(inside.pk, NOON)
    assert {row.meter.value: row.limit for row in rows} == LIMITS
    assert all((row.used, row.held, row.percent, row.forecast_runs_out_on) == (0, 0, 0, None) for row in rows)


def test_where_no_plan_limits_anything_every_meter_is_unlimited(inside: Tenant, settings: Settings) -> None:
    settings.METERING_PLANS = {"free": {"limits": {}, "features": []}}
    standing = selectors.standing(inside.pk, NOON)
    assert [(row.meter, row.limit) for row in standing.rows] == [(meter, None) for meter in Meter]
    assert standing.fullest is None


def test_used_and_held_are_apart_and_the_percentage_counts_both(
    inside: Tenant, reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", render_minutes=100 * MINUTE)
    settle("render:1", "segment:1", Meter.RENDER, 60 * MINUTE + 30_000)
    found = row(inside, Meter.RENDER)
    assert (found.used, found.held, found.limit, found.percent) == (60.5, 39.5, 500, 20.0)
    assert found.resets_at == datetime(2026, 12, 1, tzinfo=UTC)


def test_last_month_does_not_count_except_for_levels(inside: Tenant, reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=4, storage_gb=2 * GB, at=datetime(2026, 10, 31, tzinfo=UTC))
    assert row(inside, Meter.IMAGES).held == 0
    assert row(inside, Meter.STORAGE).held == 2


def test_an_unlimited_meter_has_no_limit_and_no_end(
    inside: Tenant, settle: Callable[..., None], settings: Settings
) -> None:
    settings.METERING_DEFAULT_PLAN = "pro"
    settle("render:1", "image:1", Meter.IMAGES, 10**6)
    found = row(inside, Meter.IMAGES)
    assert (found.limit, found.percent, found.forecast_runs_out_on) == (None, 0.0, None)


def test_the_forecast_is_the_day_the_pace_of_this_month_reaches_the_limit(
    inside: Tenant, settle: Callable[..., None]
) -> None:
    for day in range(1, 23):
        at = datetime(2026, 11, day, 9, tzinfo=UTC)
        settle("none", f"segment:{day}", Meter.RENDER, 21 * MINUTE + 36_000, at=at)
    assert row(inside, Meter.RENDER).used == 475.2
    assert row(inside, Meter.RENDER).forecast_runs_out_on == date(2026, 11, 25)


def test_a_pace_that_lasts_until_the_reset_has_no_forecast(
    inside: Tenant, settle: Callable[..., None]
) -> None:
    settle("none", "segment:1", Meter.RENDER, 100 * MINUTE)
    assert row(inside, Meter.RENDER).forecast_runs_out_on is None


def test_what_is_full_ran_out_today(inside: Tenant, settle: Callable[..., None]) -> None:
    settle("none", "image:1", Meter.IMAGES, 10)
    assert row(inside, Meter.IMAGES).forecast_runs_out_on == NOON.date()


def test_storage_is_forecast_over_the_turn_of_the_month(inside: Tenant) -> None:
    for day in range(20):
        services.record_level(
            tenant_id=inside.pk,
            event_key=f"video:{day}",
            meter=Meter.STORAGE,
            delta=3 * GB,
            subject="video",
            at=NOON - timedelta(days=day),
        )
    assert row(inside, Meter.STORAGE).forecast_runs_out_on == NOON.date() + timedelta(days=20)


def test_all_rows_cost_one_query(inside: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        selectors.usage(inside.pk, NOON)


def test_a_quote_is_refused_as_the_render_would_be_and_holds_nothing(
    inside: Tenant, reserve: Callable[..., None]
) -> None:
    reserve("render:1", images_count=4)
    amounts = {Meter.RENDER: MINUTE, Meter.IMAGES: 6}
    selectors.raise_if_refused(tenant_id=inside.pk, amounts=amounts, at=NOON)
    with pytest.raises(QuotaExceeded) as refusal:
        selectors.raise_if_refused(tenant_id=inside.pk, amounts={**amounts, Meter.IMAGES: 7}, at=NOON)
    assert refusal.value.detail == "Usage quota exceeded for images_count (40% of 10 limit)"
    assert counters() == {"images_count": (0, 4)}
