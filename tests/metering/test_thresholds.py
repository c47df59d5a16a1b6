"""Thresholds: noticed once per crossing with the deed, announced after it, and never for what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from metering import notices, services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import Notice
from metering.signals import usage_notice
from tenants import webhooks
from tenants.models import Tenant, WebhookMessage
from tests.metering.conftest import LIMITS, NOON


@pytest.fixture
def heard() -> Iterator[list[Notice]]:
    """Every notice that was announced."""
    found: list[Notice] = []

    def note(notice: Notice, **_: Any) -> None:
        found.append(notice)

    usage_notice.connect(note)
    yield found
    usage_notice.disconnect(note)


def written() -> list[tuple[str, int]]:
    """Meter and percentage of every notice, in order."""
    return [(notice.meter, notice.detail["percent"]) for notice in Notice.objects.order_by("pk")]


def test_every_threshold_is_noticed_once_by_the_hold_that_reaches_it(reserve: Callable[..., None]) -> None:
    seen = []
    for number in range(10):
        reserve(f"render:{number}", images_count=1)
        seen.append(len(written()))
    assert seen == [0, 0, 0, 0, 1, 1, 1, 2, 2, 4]
    assert [percent for _, percent in written()] == [50, 80, 95, 100]
    assert Notice.objects.order_by("pk")[1].detail["taken"] == 8


def test_one_leap_notices_all_it_passed(reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=9)
    assert [percent for _, percent in written()] == [50, 80]


def test_holding_again_after_a_release_is_not_noticed_again(
    inside: Tenant, reserve: Callable[..., None]
) -> None:
    reserve("render:1", images_count=6)
    services.release(tenant_id=inside.pk, reservation_key="render:1")
    reserve("render:2", images_count=6)
    assert [percent for _, percent in written()] == [50]


def test_a_larger_plan_has_thresholds_of_its_own(reserve: Callable[..., None], settings: Settings) -> None:
    reserve("render:1", images_count=8)
    larger = {"limits": {**LIMITS, "images_count": 50}, "features": []}
    settings.METERING_PLANS = {"free": larger}
    reserve("render:2", images_count=32)
    found = [(notice.detail["percent"], notice.detail["limit"]) for notice in Notice.objects.order_by("pk")]
    assert found == [(50, 10), (80, 10), (50, 50), (80, 50)]


def test_a_refusal_notices_nothing(reserve: Callable[..., None]) -> None:
    with pytest.raises(QuotaExceeded):
        reserve("render:1", images_count=9, uploads_count=8)
    assert written() == []


def test_work_beyond_what_was_held_is_noticed_too(
    reserve: Callable[..., None], settle: Callable[..., None]
) -> None:
    reserve("render:1", images_count=4)
    settle("render:1", "image:1", Meter.IMAGES, 11)
    assert [percent for _, percent in written()] == [50, 80, 95, 100]


def test_a_level_that_fell_reaches_a_threshold_anew(inside: Tenant) -> None:
    for number, delta in enumerate([60, -20, 20]):
        services.record_level(
            tenant_id=inside.pk,
            event_key=f"video:{number}",
            meter=Meter.STORAGE,
            delta=delta * 10**9,
            subject="video",
            at=NOON,
        )
    assert [percent for _, percent in written()] == [50, 50]


def test_a_notice_is_announced_once_to_everybody_who_listens(
    inside: Tenant, reserve: Callable[..., None], heard: list[Notice]
) -> None:
    reserve("render:1", images_count=5)
    assert heard == []
    assert [notices.announce_due(inside.pk, NOON) for _ in range(2)] == [1, 0]
    assert [notice.detail["percent"] for notice in heard] == [50]


def test_programs_are_told_by_webhook(inside: Tenant, reserve: Callable[..., None]) -> None:
    webhooks.create_endpoint(url="https://example.org/hook", event_types=["usage.threshold"])
    reserve("render:1", tts_minutes=480 * 60_000, render_minutes=475 * 60_000)
    notices.announce_due(inside.pk, NOON)
    told = [(m.data["meter"], m.data["percent"]) for m in WebhookMessage.objects.order_by("created_at", "id")]
    assert sorted(told) == [("render_minutes", 50), ("render_minutes", 80), ("render_minutes", 95)]
    message = WebhookMessage.objects.filter(data__percent=95).get()
    assert (message.data["used"], message.data["limit"], message.data["unit"]) == (475, 500, "minutes")


def test_who_fails_to_listen_is_told_again(inside: Tenant, reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=5)
    answers = iter([RuntimeError("The mail room is closed."), None])

    def listen(**_: Any) -> None:
        if error := next(answers):
            raise error

    usage_notice.connect(listen)
    assert [notices.announce_due(inside.pk, NOON) for _ in range(3)] == [0, 1, 0]
    usage_notice.disconnect(listen)


def test_mail_is_chosen_by_threshold_but_never_off_for_the_last(inside: Tenant) -> None:
    assert notices.mail_percents() == [50, 80, 95, 100]
    notices.choose_mail([80, 33])
    assert notices.mail_percents() == [80, 100]
