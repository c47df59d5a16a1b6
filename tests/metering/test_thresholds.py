"""Thresholds: announced once per crossing, after commit, and never for what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from metering import services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.signals import threshold_crossed
from metering.thresholds import Crossing
from tenants.models import Tenant
from tests.metering.conftest import LIMITS


@pytest.fixture
def announced() -> Iterator[list[Crossing]]:
    """Every crossing that was announced."""
    crossings: list[Crossing] = []

    def note(crossing: Crossing, **_: Any) -> None:
        crossings.append(crossing)

    threshold_crossed.connect(note)
    yield crossings
    threshold_crossed.disconnect(note)


def test_every_threshold_is_announced_once_after_commit(
    reserve: Callable[..., None],
    announced: list[Crossing],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    seen: list[int] = []
    for number in range(10):
        with django_capture_on_commit_callbacks(execute=True):
            reserve(f"render:{number}", images_count=1)
            assert len(announced) == len(seen)
        seen = [crossing.percent for crossing in announced]
    assert seen == [50, 80, 95, 100]
    assert {crossing.meter for crossing in announced} == {Meter.IMAGES}
    assert (announced[1].taken, announced[1].limit) == (8, 10)


def test_one_leap_announces_all_it_passed(
    reserve: Callable[..., None],
    announced: list[Crossing],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reserve("render:1", images_count=9)
    assert [crossing.percent for crossing in announced] == [50, 80]


def test_holding_again_after_a_release_is_not_announced_again(
    inside: Tenant,
    reserve: Callable[..., None],
    announced: list[Crossing],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reserve("render:1", images_count=6)
        services.release(tenant_id=inside.pk, reservation_key="render:1")
        reserve("render:2", images_count=6)
    assert [crossing.percent for crossing in announced] == [50]


def test_a_larger_plan_has_thresholds_of_its_own(
    reserve: Callable[..., None],
    announced: list[Crossing],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    settings: Settings,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reserve("render:1", images_count=8)
        larger = {"limits": {**LIMITS, "images_count": 50}, "features": []}
        settings.METERING_PLANS = {"free": larger}
        reserve("render:2", images_count=32)
    assert [(crossing.percent, crossing.limit) for crossing in announced] == [
        (50, 10),
        (80, 10),
        (50, 50),
        (80, 50),
    ]


def test_a_refusal_announces_nothing(
    reserve: Callable[..., None],
    announced: list[Crossing],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(QuotaExceeded):
        reserve("render:1", images_count=9, uploads_count=8)
    assert announced == []


def test_work_beyond_what_was_held_is_announced_too(
    reserve: Callable[..., None],
    settle: Callable[..., None],
    announced: list[Crossing],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reserve("render:1", images_count=4)
        settle("render:1", "image:1", Meter.IMAGES, 11)
    assert [crossing.percent for crossing in announced] == [50, 80, 95, 100]
