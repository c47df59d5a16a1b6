"""The way to the payment page: one page, one subscription, whatever people click."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from billing import customers
from billing.models import CheckoutAttempt
from billing.standin import courier, state
from billing.standin.errors import Refused
from metering import services
from metering.errors import PlanRequired
from metering.meters import Meter
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.billing.conftest import Till
from tests.cast import Cast, bearer
from tests.threads import at_once

CHECKOUT, SUBSCRIPTION = "/api/billing/checkout", "/api/billing/subscription"


def test_an_admin_gets_the_address_of_stripes_page(alice: APIClient, acme: Till) -> None:
    answer = alice.post(CHECKOUT, {"plan": "pro"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"checkout_url", "session_id"}
    assert answer.json()["session_id"].startswith("cs_test_")


def test_paying_raises_the_limits_at_once_and_keeps_what_was_used(alice: APIClient, acme: Till) -> None:
    with tenant_context(acme.tenant.pk), pytest.raises(PlanRequired):
        services.require_feature(tenant_id=acme.tenant.pk, feature="4k")
    acme.buy()
    subscription = alice.get(SUBSCRIPTION).json()
    assert (subscription["plan"], subscription["status"]) == ("pro", "active")
    assert subscription["customer_id"].startswith("cus_")
    with tenant_context(acme.tenant.pk):
        services.require_feature(tenant_id=acme.tenant.pk, feature="4k")
    meters = {row["meter"]: row for row in alice.get("/api/v1/usage").json()["meters"]}
    assert meters[Meter.RENDER.value]["limit"] == 2500


def test_the_same_page_until_somebody_pays(acme: Till) -> None:
    assert acme.checkout() == acme.checkout()


@pytest.mark.fault(29)
@pytest.mark.committed
def test_a_double_click_opens_one_page(stand_in: None, committed_cast: Cast) -> None:
    clients = [bearer(committed_cast.alice, committed_cast.acme) for _ in range(4)]
    answers = at_once(lambda number: clients[number].post(CHECKOUT, {"plan": "pro"}).json(), count=4)
    assert len({answer["session_id"] for answer in answers}) == 1
    with state.opened() as store:
        assert len(store.find("customer")) == len(store.find("checkout.session")) == 1


@pytest.mark.fault(29)
def test_paying_in_two_tabs_pays_once(acme: Till) -> None:
    first, second = acme.checkout(), acme.checkout()
    acme.pay(first)
    acme.pay(second)
    courier.deliver()
    assert len(acme.at_stripe()) == 1


@pytest.mark.fault(29)
def test_the_back_button_after_paying_leads_nowhere_new(alice: APIClient, acme: Till) -> None:
    """The webhooks have not come yet, and the page still says Upgrade."""
    acme.pay(acme.checkout())
    answer = alice.post(CHECKOUT, {"plan": "pro"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already-subscribed")
    assert alice.get(SUBSCRIPTION).json()["plan"] == "pro"
    courier.deliver()
    assert len(acme.at_stripe()) == 1


def test_another_plan_closes_the_first_page(acme: Till) -> None:
    old = acme.checkout("pro")
    acme.checkout("enterprise")
    with pytest.raises(Refused):
        acme.pay(old)


def test_a_page_that_expired_is_replaced(acme: Till) -> None:
    old = acme.checkout()
    with state.opened() as store:
        store.get(old, "checkout.session")["expires_at"] = store.now
    assert acme.checkout() != old


def test_a_page_that_stripe_forgot_is_replaced(acme: Till) -> None:
    old = acme.checkout()
    with state.opened() as store:
        store.remove(old)
    assert acme.checkout() != old


def test_who_comes_back_keeps_the_customer(acme: Till) -> None:
    acme.buy()
    before = acme.row().customer_id
    with state.opened() as store:
        subscription = store.find("subscription")[0]
        subscription["status"] = "canceled"
        store.tell("customer.subscription.deleted", subscription)
    courier.deliver()
    assert acme.row().plan == "pro"
    assert not acme.row().is_alive
    acme.buy()
    assert acme.row().customer_id == before
    assert acme.row().is_alive


def test_a_customer_deleted_at_stripe_is_made_anew(acme: Till) -> None:
    acme.buy()
    before = acme.row().customer_id
    customers.forget(acme.tenant.pk)
    courier.deliver()
    acme.buy()
    assert acme.row().customer_id != before
    assert acme.row().is_alive


@pytest.mark.parametrize(
    ("plan", "status", "code"),
    [
        ("gold", 400, "invalid-input"),
        ("free", 409, "plan-not-for-sale"),
        ("enterprise", 409, "plan-not-for-sale"),
        ("", 400, "invalid-input"),
    ],
)
def test_what_cannot_be_bought_is_said(
    alice: APIClient, acme: Till, settings: Settings, plan: str, status: int, code: str
) -> None:
    settings.BILLING_PRICES = {"free": 0, "pro": 2900}
    answer = alice.post(CHECKOUT, {"plan": plan})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    with tenant_context(acme.tenant.pk):
        assert not CheckoutAttempt.objects.exists()


def test_creators_and_keys_do_not_buy(bob: APIClient, acme: Till) -> None:
    for path in (CHECKOUT, "/api/billing/portal"):
        answer = bob.post(path, {"plan": "pro"} if path == CHECKOUT else {})
        assert answer.status_code == 403
        assert "Only an admin of Acme may change the plan" in answer.json()["detail"]


def test_an_idempotency_key_gets_the_first_answer(alice: APIClient, acme: Till) -> None:
    key = {"idempotency-key": "k1"}
    first = alice.post(CHECKOUT, {"plan": "pro"}, headers=key)
    second = alice.post(CHECKOUT, {"plan": "pro"}, headers=key)
    assert (second.json(), second["Idempotent-Replayed"]) == (first.json(), "true")
    assert alice.post(CHECKOUT, {"plan": "enterprise"}, headers=key).status_code == 422


def test_it_is_in_the_audit_log(acme: Till) -> None:
    acme.buy()
    with tenant_context(acme.tenant.pk):
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"checkout.opened", "subscription.changed"} <= actions
