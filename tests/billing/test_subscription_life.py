"""Try, pay, fail to pay, upgrade, downgrade, cancel, come back: what the tenant may use at each point."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import stripe
from pytest_django import Settings
from rest_framework.test import APIClient

from billing import checkout, entitlements, planned_changes, portal, upcoming
from billing.errors import NothingToManage
from billing.models import TenantSubscription
from billing.standin import courier, state, subscriptions
from billing.standin.errors import Refused
from cutroom import clock
from metering import services
from metering.meters import Meter
from metering.selectors import usage
from tenants.context import tenant_context
from tests.billing.conftest import Till, let_pass, price_of


def granted(till: Till) -> str:
    """The plan whose limits hold now."""
    with tenant_context(till.tenant.pk):
        return entitlements.for_tenant(till.tenant.pk).plan


def test_a_renewal_moves_the_period(acme: Till) -> None:
    acme.buy()
    before = acme.row().current_period_end
    let_pass(days=32)
    assert acme.row().status == "active"
    assert before is not None
    assert (acme.row().current_period_end or before) > before


def test_an_upgrade_holds_at_once_keeps_what_was_used_and_is_prorated(acme: Till) -> None:
    acme.buy()
    with tenant_context(acme.tenant.pk):
        services.charge(
            tenant_id=acme.tenant.pk,
            event_key="e",
            meter=Meter.IMAGES,
            amount=40,
            subject="asset:1",
            at=clock.now(),
        )
    let_pass(days=15)
    acme.do(subscriptions.change_price, price_of("enterprise"))
    assert (acme.row().plan, granted(acme)) == ("enterprise", "enterprise")
    with tenant_context(acme.tenant.pk):
        images = next(row for row in usage(acme.tenant.pk, clock.now()) if row.meter is Meter.IMAGES)
    assert (images.used, images.limit) == (40, None)
    with state.opened() as store:
        due = store.find("invoice")[0]["amount_due"]
    assert 0 < due < 19900 - 2900


def test_an_upgrade_the_bank_refuses_changes_nothing(acme: Till) -> None:
    acme.buy()
    with state.opened() as store:
        card = store.find("payment_method")[0]
        card["card"]["last4"] = "0002"
    with pytest.raises(Refused, match="declined"):
        acme.do(subscriptions.change_price, price_of("enterprise"))
    assert (acme.row().plan, acme.at_stripe()[0]["items"]["data"][0]["price"]["unit_amount"]) == ("pro", 2900)


def test_a_smaller_plan_begins_when_the_paid_period_ends(acme: Till) -> None:
    acme.buy("enterprise")
    acme.do(subscriptions.change_price, price_of("pro"))
    row = acme.row()
    assert (row.plan, row.next_plan, row.changes_at) == ("enterprise", "pro", row.current_period_end)
    assert granted(acme) == "enterprise"
    let_pass(days=32)
    assert (acme.row().plan, acme.row().next_plan, granted(acme)) == ("pro", "", "pro")


def test_who_pays_is_led_to_the_portal_for_another_plan(acme: Till) -> None:
    acme.buy()
    opened = checkout.start(tenant_id=acme.tenant.pk, plan="enterprise")
    assert "/dev/checkout/portal/" in opened.url
    with state.opened() as store:
        assert store.get(opened.session_id, "billing_portal.session")["flow"]["type"] == (
            "subscription_update_confirm"
        )


def test_cancelled_lives_until_the_paid_period_ends(acme: Till) -> None:
    acme.buy()
    planned_changes.cancel(tenant_id=acme.tenant.pk)
    assert (acme.row().next_plan, granted(acme)) == ("free", "pro")
    let_pass(days=32)
    assert (acme.row().status, granted(acme)) == ("canceled", "free")


@pytest.mark.parametrize("planned", ["cancel", "pro"])
def test_a_planned_change_can_be_taken_back(acme: Till, planned: str) -> None:
    acme.buy("enterprise")
    if planned == "cancel":
        planned_changes.cancel(tenant_id=acme.tenant.pk)
    else:
        acme.do(subscriptions.change_price, price_of(planned))
    planned_changes.keep(tenant_id=acme.tenant.pk)
    assert (acme.row().next_plan, acme.row().changes_at) == ("", None)
    let_pass(days=32)
    assert (acme.row().status, acme.row().plan) == ("active", "enterprise")


def test_nothing_to_manage_without_a_subscription(acme: Till) -> None:
    for deed in (planned_changes.cancel, planned_changes.keep, portal.open_portal):
        with pytest.raises(NothingToManage):
            deed(tenant_id=acme.tenant.pk)


class TestTrial:
    """Fourteen days of Pro without a card, once."""

    @pytest.fixture(autouse=True)
    def _fortnight(self, settings: Settings) -> None:
        settings.BILLING_TRIAL_DAYS = 14

    def test_it_grants_the_plan_and_ends_by_itself(self, acme: Till) -> None:
        acme.buy()
        assert (acme.row().status, granted(acme)) == ("trialing", "pro")
        let_pass(days=15)
        assert (acme.row().status, granted(acme)) == ("canceled", "free")

    def test_with_a_card_it_becomes_paid(self, acme: Till) -> None:
        acme.buy()
        with state.opened() as store:
            owner = store.find("customer")[0]
            from billing.standin import things

            card = store.add(things.payment_method(store, customer_id=owner["id"], last4="4242", email=None))
            subscriptions.use_card(store, store.find("subscription")[0], owner, card)
        courier.deliver()
        let_pass(days=15)
        assert (acme.row().status, granted(acme)) == ("active", "pro")

    def test_there_is_one_a_tenant(self, acme: Till) -> None:
        acme.buy()
        let_pass(days=15)
        acme.buy()
        assert acme.row().status == "active"


def test_a_promotion_code_lowers_the_first_invoice(acme: Till) -> None:
    client = stripe.StripeClient(stripe.api_key or "sk_test_x", http_client=stripe.default_http_client)
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"}
    )
    session = acme.checkout()
    with pytest.raises(Refused):
        acme.pay(session, word="NONSENSE")
    acme.pay(session, word="welcome")
    assert set(courier.deliver().values()) == {200}
    with state.opened() as store:
        assert store.find("invoice")[0]["amount_paid"] == 1450
    let_pass(days=32)
    with state.opened() as store:
        assert store.find("invoice")[0]["amount_paid"] == 2900


def test_the_tax_switch_adds_tax(acme: Till, settings: Settings) -> None:
    settings.BILLING_TAX = True
    acme.buy()
    with state.opened() as store:
        assert store.find("invoice")[0]["amount_paid"] == 2900 + 580


def test_the_next_invoice_is_asked_for_and_noted(alice: APIClient, acme: Till) -> None:
    acme.buy()
    upcoming.note_next_amount(tenant_id=acme.tenant.pk)
    document = alice.get("/api/billing/subscription").json()
    assert (document["next_amount"], document["currency"]) == (2900, "usd")
    planned_changes.cancel(tenant_id=acme.tenant.pk)
    upcoming.note_next_amount(tenant_id=acme.tenant.pk)
    assert acme.row().next_amount is None


def test_the_31st_is_clamped_and_comes_back(acme: Till) -> None:
    start = datetime(2027, 1, 31, 12, tzinfo=UTC)
    let_pass(to=start)
    acme.buy()
    ends = []
    for days in (29, 31, 31):
        ends.append(acme.at_stripe()[0]["items"]["data"][0]["current_period_end"])
        let_pass(days=days)
    assert [datetime.fromtimestamp(end, UTC).strftime("%m-%d") for end in ends] == ["02-28", "03-31", "04-30"]


def test_a_row_without_a_subscription_is_not_alive(acme: Till) -> None:
    assert not TenantSubscription(plan="pro").is_alive
