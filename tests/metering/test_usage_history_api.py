"""GET /api/v1/usage/history: what each day moved, for members only, each their own tenant's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from cutroom import clock
from metering import services
from metering.meters import Meter
from metering.periods import month_of
from tenants.context import tenant_context
from tests.cast import Cast

URL = "/api/v1/usage/history"
OCTOBER = f"{URL}?from=2026-10-01&to=2026-10-31"
MINUTE = 60_000


def days(document: dict[str, list[dict[str, object]]], meter: Meter) -> object:
    return next(row["days"] for row in document["meters"] if row["meter"] == meter.value)


@pytest.fixture
def _october(cast: Cast) -> None:
    """Acme rendered on three days of October, storing a video and deleting it."""
    moments = [datetime(2026, 10, day, 23, 59, tzinfo=UTC) for day in (1, 30, 31)]
    with tenant_context(cast.acme.pk):
        for number, at in enumerate(moments):
            services.settle(
                tenant_id=cast.acme.pk,
                reservation_key="none",
                event_key=f"segment:{number}",
                meter=Meter.RENDER,
                amount=MINUTE + number,
                subject="render:1",
                at=at,
            )
        for at, delta in zip(moments[:2], (3 * 10**9, -(10**9)), strict=True):
            services.record_level(
                tenant_id=cast.acme.pk,
                event_key=f"video:{delta}",
                meter=Meter.STORAGE,
                delta=delta,
                subject="render:1",
                at=at,
            )


def test_without_dates_it_is_this_month(alice: APIClient) -> None:
    month = month_of(clock.now())
    document = alice.get(URL).json()
    assert (document["from"], document["to"]) == (month.start.isoformat(), month.last_day.isoformat())
    assert [row["meter"] for row in document["meters"]] == Meter.values
    assert all(row["days"] == [] for row in document["meters"])


@pytest.mark.usefixtures("_october")
def test_a_day_has_what_moved_on_it_rounded_and_exact(bob: APIClient) -> None:
    document = bob.get(OCTOBER).json()
    assert days(document, Meter.RENDER) == [
        {"day": "2026-10-01", "amount": 1, "exact": MINUTE},
        {"day": "2026-10-30", "amount": 1, "exact": MINUTE + 1},
        {"day": "2026-10-31", "amount": 1, "exact": MINUTE + 2},
    ]


@pytest.mark.usefixtures("_october")
def test_a_level_rises_and_falls(bob: APIClient) -> None:
    amounts = [day["amount"] for day in days(bob.get(OCTOBER).json(), Meter.STORAGE)]  # type: ignore[attr-defined]
    assert amounts == [3, -1]


@pytest.mark.usefixtures("_october")
def test_both_ends_are_included_and_nothing_else(bob: APIClient) -> None:
    document = bob.get(f"{URL}?from=2026-10-30&to=2026-10-30").json()
    assert len(days(document, Meter.RENDER)) == 1  # type: ignore[arg-type]


@pytest.mark.usefixtures("_october")
def test_another_tenant_sees_only_its_own(charlie: APIClient) -> None:
    assert all(row["days"] == [] for row in charlie.get(OCTOBER).json()["meters"])


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("from=yesterday", "from", "invalid"),
        ("from=2026-10-02&to=2026-10-01", "to", "order"),
        ("from=2025-10-01&to=2026-10-02", "to", "too_many"),
        ("from=0001-01-01&to=9999-12-31", "to", "too_many"),
    ],
)
def test_impossible_days_are_refused(alice: APIClient, query: str, field: str, code: str) -> None:
    answer = alice.get(f"{URL}?{query}")
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


def test_a_year_is_possible(alice: APIClient) -> None:
    assert alice.get(f"{URL}?from=2025-10-01&to=2026-10-01").status_code == 200


def test_strangers_are_asked_to_sign_in(stranger: APIClient) -> None:
    assert stranger.get(URL).status_code == 401


@pytest.mark.usefixtures("_october")
def test_it_costs_as_few_queries_for_much_usage(
    alice: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        alice.get(OCTOBER)
