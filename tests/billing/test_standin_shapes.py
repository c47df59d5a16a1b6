"""The stand-in's objects have no field that the SDK's classes do not know: so Stripe has moved nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from billing import checkout, planned_changes, portal
from billing.standin import state, subscriptions, things
from tests.billing.conftest import Till, price_of

CLASSES: dict[str, type[Any]] = {
    "account": stripe.Account,
    "billing_portal.configuration": stripe.billing_portal.Configuration,
    "billing_portal.session": stripe.billing_portal.Session,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "discount": stripe.Discount,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "line_item": stripe.InvoiceLineItem,
    "payment_method": stripe.PaymentMethod,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
# Parts of an object that are objects of their own in the SDK.
PARTS: dict[tuple[str, str], type[Any]] = {
    ("subscription", "automatic_tax"): stripe.Subscription.AutomaticTax,
    ("subscription", "cancellation_details"): stripe.Subscription.CancellationDetails,
    ("subscription", "trial_settings"): stripe.Subscription.TrialSettings,
    ("invoice", "automatic_tax"): stripe.Invoice.AutomaticTax,
    ("invoice", "parent"): stripe.Invoice.Parent,
    ("invoice", "status_transitions"): stripe.Invoice.StatusTransitions,
    ("line_item", "parent"): stripe.InvoiceLineItem.Parent,
    ("line_item", "pricing"): stripe.InvoiceLineItem.Pricing,
    ("checkout.session", "automatic_tax"): stripe.checkout.Session.AutomaticTax,
    ("checkout.session", "customer_details"): stripe.checkout.Session.CustomerDetails,
    ("checkout.session", "total_details"): stripe.checkout.Session.TotalDetails,
    ("payment_method", "card"): stripe.PaymentMethod.Card,
    ("payment_method", "billing_details"): stripe.PaymentMethod.BillingDetails,
    ("price", "recurring"): stripe.Price.Recurring,
    ("customer", "invoice_settings"): stripe.Customer.InvoiceSettings,
    ("discount", "source"): stripe.Discount.Source,
    ("promotion_code", "promotion"): stripe.PromotionCode.Promotion,
    ("subscription_schedule", "current_phase"): stripe.SubscriptionSchedule.CurrentPhase,
}


def fields(kind: type[Any]) -> set[str]:
    """The fields that a class of the SDK declares."""
    return {name for each in kind.__mro__ for name in vars(each).get("__annotations__", {})}


def nested(thing: Any) -> Iterator[dict[str, Any]]:
    """Every document with a kind inside `thing`, itself first."""
    if isinstance(thing, dict):
        if isinstance(thing.get("object"), str) and thing["object"] != "list":
            yield thing
        for value in thing.values():
            yield from nested(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from nested(value)


@pytest.fixture
def everything(acme: Till) -> list[dict[str, Any]]:
    """What the stand-in knows after a life with one of each."""
    client = stripe.StripeClient("sk_test_x", http_client=stripe.default_http_client)
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"})
    session = acme.checkout("enterprise")
    acme.pay(session, word="HALF")
    checkout.finish(tenant_id=acme.tenant.pk, session_id=session)
    portal.open_portal(tenant_id=acme.tenant.pk)
    acme.do(subscriptions.change_price, price_of("pro"))
    planned_changes.keep(tenant_id=acme.tenant.pk)
    acme.do(subscriptions.change_price, price_of("pro"))
    with state.opened() as store:
        return [
            each for thing in [*store.data["things"].values(), things.account()] for each in nested(thing)
        ]


def test_no_field_is_made_up(everything: list[dict[str, Any]]) -> None:
    assert {thing["object"] for thing in everything} == set(CLASSES)
    unknown = {
        (thing["object"], name)
        for thing in everything
        for name in set(thing) - fields(CLASSES[thing["object"]])
    }
    assert unknown == set()


def test_no_part_is_made_up(everything: list[dict[str, Any]]) -> None:
    seen, unknown = set(), set()
    for thing in everything:
        for (kind, name), part in PARTS.items():
            if thing["object"] == kind and thing.get(name):
                seen.add((kind, name))
                unknown |= {(kind, name, each) for each in set(thing[name]) - fields(part)}
    assert unknown == set()
    assert seen == set(PARTS)


def test_the_period_is_where_stripe_has_it_now() -> None:
    """It moved from the subscription to its items; code that looks in the old place finds nothing."""
    assert "current_period_end" not in fields(stripe.Subscription)
    assert "current_period_end" in fields(stripe.SubscriptionItem)
