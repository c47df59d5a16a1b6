"""Settling and releasing: work done is always recorded, once, in the period that admitted it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from pytest_django import DjangoAssertNumQueries

from metering import services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import Reservation, ThresholdCrossing, UsageDaily, UsageEvent
from tenants.models import Tenant
from tests.metering.conftest import NOON, counters


def test_parts_are_used_up_as_they_are_done(
    reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", images_count=5)
    settle("render:1", "image:1", Meter.IMAGES, 2)
    assert counters() == {"images_count": (2, 3)}
    settle("render:1", "image:2", Meter.IMAGES, 3)
    assert counters() == {"images_count": (5, 0)}
    assert Reservation.objects.get().state == "settled"


def test_the_same_event_counts_once(reserve: Callable[..., None], settle: Callable[..., None]) -> None:
    reserve("render:1", images_count=5)
    for _ in range(3):
        settle("render:1", "image:1", Meter.IMAGES, 2)
    assert counters() == {"images_count": (2, 3)}
    assert UsageEvent.objects.count() == 1


def test_more_than_was_held_is_recorded_above_the_limit(
    reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", images_count=10)
    settle("render:1", "image:1", Meter.IMAGES, 13)
    assert counters() == {"images_count": (13, 0)}


def test_work_without_a_reservation_is_recorded_too(settle: Callable[..., None]) -> None:
    settle("never reserved", "image:1", Meter.IMAGES, 3)
    assert counters() == {"images_count": (3, 0)}


def test_work_that_ends_after_midnight_counts_in_the_month_that_admitted_it(
    reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", images_count=5, at=datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    settle("render:1", "image:1", Meter.IMAGES, 5, at=datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    event, day = UsageEvent.objects.get(), UsageDaily.objects.get()
    assert (event.period_start, day.period_start, day.day) == (
        date(2026, 11, 1),
        date(2026, 11, 1),
        date(2026, 12, 1),
    )
    assert counters() == {"images_count": (5, 0)}


def test_the_line_names_who_the_work_was_for(inside: Tenant, settle: Callable[..., None]) -> None:
    project_id, user_id = uuid.uuid4(), uuid.uuid4()
    services.reserve(
        tenant_id=inside.pk,
        key="render:1",
        amounts={Meter.IMAGES: 1},
        at=NOON,
        project_id=project_id,
        user_id=user_id,
    )
    settle("render:1", "image:1", Meter.IMAGES, 1, detail={"scene": 3})
    event = UsageEvent.objects.get()
    assert (event.project_id, event.user_id, event.subject) == (project_id, user_id, "render:1")
    assert event.detail == {"scene": 3}


def test_days_add_up_to_the_counter(reserve: Callable[..., None], settle: Callable[..., None]) -> None:
    reserve("render:1", images_count=9)
    settle("render:1", "image:1", Meter.IMAGES, 2, at=datetime(2026, 11, 23, 1, tzinfo=UTC))
    settle("render:1", "image:2", Meter.IMAGES, 3, at=datetime(2026, 11, 23, 2, tzinfo=UTC))
    settle("render:1", "image:3", Meter.IMAGES, 4, at=datetime(2026, 11, 24, 1, tzinfo=UTC))
    assert list(UsageDaily.objects.order_by("day").values_list("day", "amount")) == [
        (date(2026, 11, 23), 5),
        (date(2026, 11, 24), 4),
    ]


def test_the_rest_comes_back_once(
    inside: Tenant, reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", images_count=9, uploads_count=1)
    settle("render:1", "image:1", Meter.IMAGES, 2)
    for _ in range(2):
        services.release(tenant_id=inside.pk, reservation_key="render:1")
    assert counters() == {"images_count": (2, 0), "uploads_count": (0, 0)}
    assert set(Reservation.objects.values_list("state", flat=True)) == {"released"}


def test_work_done_after_the_release_is_recorded(
    inside: Tenant, reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", images_count=9)
    services.release(tenant_id=inside.pk, reservation_key="render:1")
    settle("render:1", "image:1", Meter.IMAGES, 2)
    assert counters() == {"images_count": (2, 0)}


def test_releasing_an_unknown_key_changes_nothing(inside: Tenant) -> None:
    services.release(tenant_id=inside.pk, reservation_key="never reserved")
    assert counters() == {}


def test_a_charge_is_asked_for_and_used_at_once(charge: Callable[..., None]) -> None:
    for _ in range(2):
        charge("upload:1", Meter.UPLOADS, 1)
    assert counters() == {"uploads_count": (1, 0)}


def test_a_charge_is_one_statement(
    charge: Callable[..., None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        charge("upload:1", Meter.UPLOADS, 1)


def test_a_charge_that_fits_holds_nothing(charge: Callable[..., None]) -> None:
    charge("images:1", Meter.IMAGES, 1)
    held_before = Reservation.objects.count()
    charge("images:2", Meter.IMAGES, 1)
    assert counters() == {"images_count": (2, 0)}
    assert Reservation.objects.count() == held_before


def test_a_charge_that_was_recorded_is_not_refused_when_the_limit_is_reached(
    charge: Callable[..., None],
) -> None:
    charge("images:1", Meter.IMAGES, 10)
    charge("images:1", Meter.IMAGES, 10)
    assert counters() == {"images_count": (10, 0)}
    with pytest.raises(QuotaExceeded):
        charge("images:2", Meter.IMAGES, 1)


def test_a_charge_uses_up_what_its_key_reserved(
    charge: Callable[..., None], reserve: Callable[..., None]
) -> None:
    reserve("images:1", images_count=4)
    charge("images:1", Meter.IMAGES, 4)
    assert counters() == {"images_count": (4, 0)}


def test_a_charge_notices_the_thresholds_it_reaches(charge: Callable[..., None]) -> None:
    charge("images:1", Meter.IMAGES, 8)
    assert sorted(ThresholdCrossing.objects.values_list("percent", flat=True)) == [50, 80]


@pytest.mark.parametrize(
    "change", ["UPDATE metering_usageevent SET amount = 0", "DELETE FROM metering_usageevent"]
)
def test_the_ledger_refuses_to_be_edited(settle: Callable[..., None], change: str) -> None:
    settle("render:1", "image:1", Meter.IMAGES, 2)
    with pytest.raises(ProgrammingError), transaction.atomic():
        transaction.get_connection().cursor().execute(change)
