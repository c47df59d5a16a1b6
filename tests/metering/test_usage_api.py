"""GET /api/v1/usage: the document of the contract, for members only, each their own tenant's."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from cutroom import clock
from metering import services
from metering.meters import Meter
from metering.periods import month_of
from tenants.context import tenant_context
from tests.cast import Cast
from tests.metering.conftest import LIMITS

URL = "/api/v1/usage"
METER_KEYS = ["meter", "unit", "used", "held", "limit", "percent", "resets_at", "forecast_runs_out_on"]


@pytest.fixture
def _a_render(cast: Cast) -> None:
    """Acme used 60 of 100 minutes that a render of this month holds."""
    at = clock.now()
    with tenant_context(cast.acme.pk):
        services.reserve(tenant_id=cast.acme.pk, key="render:1", amounts={Meter.RENDER: 100 * 60_000}, at=at)
        services.settle(
            tenant_id=cast.acme.pk,
            reservation_key="render:1",
            event_key="segment:1",
            meter=Meter.RENDER,
            amount=60 * 60_000,
            subject="render:1",
            at=at,
        )


def test_a_new_tenant_sees_five_empty_meters(alice: APIClient) -> None:
    document = alice.get(URL).json()
    assert {meter["meter"]: meter["limit"] for meter in document["meters"]} == LIMITS
    assert all(list(meter) == METER_KEYS for meter in document["meters"])
    assert {meter["used"] for meter in document["meters"]} == {0}


def test_the_period_is_this_month_in_utc(alice: APIClient) -> None:
    document = alice.get(URL).json()
    month = month_of(clock.now())
    assert document["period"] == {"start": f"{month.start}T00:00:00Z", "end": f"{month.end}T00:00:00Z"}
    resets = {meter["meter"]: meter["resets_at"] for meter in document["meters"]}
    assert resets["render_minutes"] == f"{month.end}T00:00:00Z"
    assert resets["storage_gb"] is None


@pytest.mark.usefixtures("_a_render")
def test_creators_see_what_is_used_and_held(bob: APIClient) -> None:
    [render] = [m for m in bob.get(URL).json()["meters"] if m["meter"] == "render_minutes"]
    assert (render["unit"], render["used"], render["held"], render["percent"]) == ("minutes", 60, 40, 20.0)


@pytest.mark.usefixtures("_a_render")
def test_another_tenant_sees_only_its_own(charlie: APIClient) -> None:
    assert all((meter["used"], meter["held"]) == (0, 0) for meter in charlie.get(URL).json()["meters"])


def test_strangers_are_asked_to_sign_in(stranger: APIClient) -> None:
    answer = stranger.get(URL)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


def test_it_costs_no_more_queries_however_much_was_used(
    alice: APIClient, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        alice.get(URL)
