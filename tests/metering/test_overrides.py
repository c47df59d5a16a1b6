"""A tenant's own limits: raised or replaced, softened or tried out, with a reason and an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from cutroom.errors import InvalidInput
from metering import allowances, decisions, entitlements, readings
from metering.decisions import Reason, Way
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import LimitOverride, OverrideKind, SimulatedRefusal
from tenants.models import AuditEntry, Tenant
from tests.metering.conftest import LIMITS, NOON

WHY = "Their launch is on Friday."


def override(limit: int | None, **more: object) -> LimitOverride:
    values = {"meter": Meter.IMAGES, "limit": limit, "reason": WHY, "author_id": None, "at": NOON}
    return allowances.override_limit(**{**values, **more})  # type: ignore[arg-type]  # chosen by each test


def limit_now(tenant: Tenant, days: int = 0) -> int | None:
    return readings.of_meter(tenant.pk, Meter.IMAGES, NOON + timedelta(days=days)).limit


def decide(tenant: Tenant, amount: int) -> decisions.Decision:
    return decisions.decide(tenant_id=tenant.pk, meter=Meter.IMAGES, amount=amount, at=NOON)


def test_a_raised_limit_admits_more_until_it_expires(inside: Tenant, reserve: Callable[..., None]) -> None:
    override(30, expires_at=NOON + timedelta(days=2))
    reserve("render:1", images_count=25)
    assert (limit_now(inside), limit_now(inside, days=2)) == (30, 10)
    with pytest.raises(QuotaExceeded):
        reserve("render:2", images_count=1, at=NOON + timedelta(days=2))


def test_a_raise_does_not_hold_back_a_larger_plan(inside: Tenant, settings: Settings) -> None:
    override(30)
    settings.METERING_PLANS = {"free": {"limits": {**LIMITS, "images_count": 100}, "features": []}}
    assert limit_now(inside) == 100


def test_an_exact_limit_holds_back(inside: Tenant, reserve: Callable[..., None]) -> None:
    override(3, kind=OverrideKind.EXACTLY)
    with pytest.raises(QuotaExceeded) as refusal:
        reserve("render:1", images_count=4)
    assert refusal.value.detail == "Usage quota exceeded for images_count (0% of 3 limit)"


def test_no_limit_at_all(inside: Tenant, reserve: Callable[..., None]) -> None:
    override(None)
    reserve("render:1", images_count=10**6)
    assert limit_now(inside) is None


def test_the_newest_override_counts_and_the_others_stay_on_record(inside: Tenant) -> None:
    override(30)
    override(20)
    assert limit_now(inside) == 20
    assert LimitOverride.objects.count() == 2
    assert allowances.end_override(meter=Meter.IMAGES, reason=WHY, author_id=None, at=NOON)
    assert not allowances.end_override(meter=Meter.IMAGES, reason=WHY, author_id=None, at=NOON)
    assert limit_now(inside) == 10


def test_every_change_is_audited_with_its_author_and_reason(inside: Tenant) -> None:
    author = uuid4()
    override(30, author_id=author)
    allowances.end_override(meter=Meter.IMAGES, reason=WHY, author_id=author, at=NOON)
    found = AuditEntry.objects.filter(action__startswith="limit.").values_list("action", "user_id", "detail")
    assert [(action, user_id) for action, user_id, _ in found.order_by("at")] == [
        ("limit.overridden", author),
        ("limit.restored", author),
    ]
    assert all(detail["reason"] == WHY for _, _, detail in found)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"reason": "why not"}, "reason"), ({"limit": -1}, "limit"), ({"expires_at": NOON}, "expires_at")],
)
def test_senseless_overrides_are_refused(inside: Tenant, changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        override(**{"limit": 30, **changes})  # type: ignore[arg-type]  # wrong on purpose
    assert refusal.value.members["errors"][0]["field"] == field


def test_a_soft_limit_lets_a_little_pass(
    inside: Tenant, reserve: Callable[..., None], settings: Settings
) -> None:
    plan = {"limits": LIMITS, "features": [], "slack": {"images_count": 20}}
    settings.METERING_PLANS = {"free": plan, "pro": {"limits": {}, "features": []}}
    assert decide(inside, 12).reason is Reason.SLACK
    reserve("render:1", images_count=12)
    with pytest.raises(QuotaExceeded) as refusal:
        reserve("render:2", images_count=1)
    assert refusal.value.detail == "Usage quota exceeded for images_count (120% of 10 limit)"


def test_a_simulated_limit_refuses_nothing_and_writes_down_what_it_would_have(
    inside: Tenant, reserve: Callable[..., None]
) -> None:
    override(10, slack=entitlements.SIMULATED)
    reserve("render:1", images_count=9)
    assert decide(inside, 5).reason is Reason.SIMULATED
    for _ in range(2):
        reserve("render:2", images_count=5)
    [refusal] = SimulatedRefusal.objects.all()
    assert (refusal.key, refusal.requested, refusal.taken, refusal.limit_amount) == ("render:2", 5, 9, 10)


def test_one_call_answers_everything(inside: Tenant, reserve: Callable[..., None]) -> None:
    reserve("render:1", images_count=8)
    decision = decide(inside, 3)
    assert (decision.is_allowed, decision.reason) == (False, Reason.FULL)
    assert (decision.used, decision.held, decision.limit, decision.left) == (0, 8, 10, 2)
    assert decision.resets_at is not None
    assert [way.way for way in decision.ways_out] == [Way.UPGRADE, Way.WAIT, Way.ASK]
    allowed = decide(inside, 2)
    assert (allowed.is_allowed, allowed.reason, allowed.ways_out) == (True, Reason.FITS, ())


def test_a_full_store_is_mended_by_deleting_not_by_waiting(inside: Tenant) -> None:
    decision = decisions.decide(tenant_id=inside.pk, meter=Meter.STORAGE, amount=101 * 10**9, at=NOON)
    assert [way.way for way in decision.ways_out] == [Way.UPGRADE, Way.MAKE_ROOM, Way.ASK]
    assert decision.resets_at is None


def test_the_largest_plan_has_nothing_to_upgrade_to(inside: Tenant, settings: Settings) -> None:
    settings.METERING_PLANS = {"free": {"limits": LIMITS, "features": []}}
    assert Way.UPGRADE not in [way.way for way in decide(inside, 11).ways_out]
