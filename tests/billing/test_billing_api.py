"""GET /api/billing/plans and /api/billing/subscription."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient

from billing.models import TenantSubscription
from tenants.context import tenant_context
from tests.cast import Cast

PLANS, SUBSCRIPTION = "/api/billing/plans", "/api/billing/subscription"


def test_the_plans_are_those_of_the_guide(alice: APIClient) -> None:
    plans = {plan["plan"]: plan for plan in alice.get(PLANS).json()["plans"]}
    assert list(plans) == ["free", "pro", "enterprise"]
    assert plans["free"]["limits"] == {
        "images_count": 500,
        "tts_minutes": 1000,
        "render_minutes": 500,
        "storage_gb": 100,
        "uploads_count": 1000,
    }
    assert plans["pro"]["limits"] == {name: 5 * limit for name, limit in plans["free"]["limits"].items()}
    assert set(plans["enterprise"]["limits"].values()) == {None}
    assert plans["pro"]["features"] == ["4k", "priority", "publish"]


def test_enterprise_has_no_price_and_free_costs_nothing(alice: APIClient) -> None:
    prices = {plan["plan"]: plan["price"] for plan in alice.get(PLANS).json()["plans"]}
    assert prices == {"free": 0, "pro": 2900, "enterprise": None}


def test_a_new_tenant_is_on_free(alice: APIClient) -> None:
    assert alice.get(SUBSCRIPTION).json() == {
        "plan": "free",
        "status": "active",
        "current_period_end": None,
        "customer_id": None,
        "subscribed_plan": None,
        "trial_end": None,
        "next_plan": None,
        "changes_at": None,
        "next_amount": None,
        "currency": "usd",
        "grace_until": None,
    }


def test_a_paying_tenant_sees_what_it_pays_for(bob: APIClient, charlie: APIClient, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        TenantSubscription.objects.create(
            plan="pro",
            current_period_end=datetime(2026, 12, 5, tzinfo=UTC),
            customer_id="cus_1",
            subscription_id="sub_1",
        )
    paying = bob.get(SUBSCRIPTION).json()
    assert (paying["plan"], paying["subscribed_plan"], paying["status"]) == ("pro", "pro", "active")
    assert (paying["current_period_end"], paying["customer_id"]) == ("2026-12-05T00:00:00Z", "cus_1")
    assert charlie.get(SUBSCRIPTION).json()["plan"] == "free"


@pytest.mark.parametrize("url", [PLANS, SUBSCRIPTION])
def test_strangers_are_asked_to_sign_in(stranger: APIClient, url: str) -> None:
    assert stranger.get(url).status_code == 401
