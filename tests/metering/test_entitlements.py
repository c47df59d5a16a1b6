"""Entitlements: limits and features of a plan, asked through one seam that is checked at start."""

from __future__ import annotations

import uuid

import pytest
from pytest_django import Settings

from metering import checks, entitlements, services
from metering.entitlements import Entitlements
from metering.errors import FeatureNotOffered, PlanRequired
from metering.meters import Meter
from tenants.context import tenant_context
from tenants.models import Tenant


def everything(tenant_id: uuid.UUID) -> Entitlements:
    """A provider as another app could bring it."""
    return Entitlements(plan="all", features=frozenset({"4k"}))


def test_limits_are_in_the_smallest_unit() -> None:
    plan = entitlements.of_plan("free")
    assert plan.limit(Meter.RENDER) == 500 * 60_000
    assert plan.limit(Meter.STORAGE) == 100 * 10**9


def test_an_absent_limit_is_unlimited() -> None:
    assert entitlements.of_plan("pro").limit(Meter.RENDER) is None


def test_a_feature_the_plan_lacks_names_the_plan_that_has_it() -> None:
    with pytest.raises(PlanRequired) as refusal:
        services.require_feature(tenant_id=uuid.uuid4(), feature="4k")
    assert (refusal.value.status, refusal.value.code) == (402, "plan-required")
    assert (refusal.value.members["feature"], refusal.value.members["plan"]) == ("4k", "pro")


def test_a_feature_no_plan_has_is_refused_without_a_way_to_pay_for_it(
    settings: Settings, acme: Tenant
) -> None:
    settings.METERING_PLANS = {"free": {"limits": {"render_minutes": 5}, "features": []}}
    with tenant_context(acme.pk), pytest.raises(FeatureNotOffered) as refusal:
        services.require_feature(tenant_id=acme.pk, feature="4k")
    assert (refusal.value.status, refusal.value.code) == (403, "feature-not-offered")
    assert "No plan here has 4k" in refusal.value.detail
    assert "upgrade_url" not in refusal.value.members


def test_the_provider_is_whoever_the_setting_names(settings: Settings, acme: Tenant) -> None:
    settings.METERING_ENTITLEMENTS = f"{__name__}.everything"
    services.require_feature(tenant_id=acme.pk, feature="4k")
    assert entitlements.for_tenant(acme.pk).plan == "all"


def test_a_provider_that_does_not_exist_stops_the_start(settings: Settings) -> None:
    settings.METERING_ENTITLEMENTS = "billing.nowhere.for_tenant"
    assert [error.id for error in checks.seams_exist(None)] == ["metering.E001"]


@pytest.mark.parametrize(
    "plans",
    [
        {"pro": {"limits": {}, "features": []}},
        {"free": {"limits": {"cups_of_tea": 5}, "features": []}},
        {"free": {"limits": {"images_count": "many"}, "features": []}},
    ],
)
def test_plans_that_cannot_be_read_stop_the_start(settings: Settings, plans: object) -> None:
    settings.METERING_PLANS = plans
    assert [error.id for error in checks.plans_are_readable(None)] == ["metering.E002"]


def test_the_plans_of_the_product_are_those_of_the_guide() -> None:
    from config.settings import base

    limits = {name: plan["limits"] for name, plan in base.METERING_PLANS.items()}
    assert limits["free"] == {
        "images_count": 500,
        "tts_minutes": 1000,
        "render_minutes": 500,
        "storage_gb": 100,
        "uploads_count": 1000,
    }
    assert limits["pro"] == {meter: 5 * limit for meter, limit in limits["free"].items()}
    assert limits["enterprise"] == {}
