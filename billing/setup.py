"""Makes in a Stripe account what Cutroom needs there: products, prices, the portal's rules, the endpoint.

Everything is found again by an id, a lookup key or a mark of ours, so a repeat changes only what differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import stripe
from djstripe.models import Account, Price, Product

from billing import conf, endpoints, gateway
from billing.endpoints import MARK, Step
from billing.facts import LOOKUP_KEY
from billing.models import StripeSetup
from metering import conf as metering_conf


def run(*, is_dry_run: bool = False) -> Iterator[Step]:
    """Bring the account of our key up to date, step by step; a dry run only says what it would do.

    Raises PaymentsNotSetUp without a key, PaymentsUnavailable when Stripe refuses, with the cause in the log.
    """
    client = gateway.client()
    with gateway.asking("setup"):
        account_id = _account(is_dry_run)
        yield Step(thing="account", name=account_id, outcome="kept")
        prices = []
        for plan, amount in conf.prices().items():
            if amount and plan in metering_conf.plans():
                yield _product(client, plan, is_dry_run)
                step, price = _price(client, plan, amount, is_dry_run)
                yield step
                prices.append((f"cutroom_{plan}", price))
        step, configuration_id = _portal(client, prices, is_dry_run)
        yield step
        yield endpoints.ensure(account_id, is_dry_run=is_dry_run)
    if not is_dry_run:
        made = {"portal_configuration_id": configuration_id, "at": conf.now()}
        StripeSetup.objects.update_or_create(account_id=account_id, defaults=made)


def _account(is_dry_run: bool) -> str:
    if is_dry_run:
        account: stripe.Account = gateway.client().v1.accounts.retrieve_current()
        return account.id
    return str(Account.get_or_retrieve_for_api_key(conf.secret_key()).id)


def _product(client: stripe.StripeClient, plan: str, is_dry_run: bool) -> Step:
    product_id, title = f"cutroom_{plan}", f"Cutroom {plan.capitalize()}"
    found = _found(client, product_id)
    outcome = "made" if found is None else "kept" if found.name == title and found.active else "changed"
    if not is_dry_run:
        if found is None:
            found = client.v1.products.create(
                {"id": product_id, "name": title, "metadata": {**MARK, "plan": plan}}
            )
        elif outcome == "changed":
            found = client.v1.products.update(product_id, {"name": title, "active": True})
        Product.sync_from_stripe_data(found, api_key=conf.secret_key())
    return Step(thing="product", name=product_id, outcome=outcome)


def _found(client: stripe.StripeClient, product_id: str) -> stripe.Product | None:
    try:
        return client.v1.products.retrieve(product_id)
    except stripe.InvalidRequestError as error:
        if not gateway.is_missing(error):
            raise
        return None


def _price(client: stripe.StripeClient, plan: str, amount: int, is_dry_run: bool) -> tuple[Step, str]:
    """A price cannot be changed at Stripe: another amount is another price, and the old one leaves the shop.

    Who pays the old price goes on paying it.
    """
    key = LOOKUP_KEY.format(plan=plan)
    old = next(iter(client.v1.prices.list({"lookup_keys": [key], "active": True}).data), None)
    is_same = old is not None and (old.unit_amount, old.currency) == (amount, conf.currency())
    outcome = "kept" if is_same else "changed" if old else "made"
    price = old
    if not is_dry_run:
        if not is_same:
            price = client.v1.prices.create(_price_params(plan, amount))
            if old is not None:
                old = client.v1.prices.update(old.id, {"active": False})
                Price.sync_from_stripe_data(old, api_key=conf.secret_key())
        Price.sync_from_stripe_data(price, api_key=conf.secret_key())
    return Step(thing="price", name=key, outcome=outcome), price.id if price else ""


def _price_params(plan: str, amount: int) -> Any:
    return {
        "product": f"cutroom_{plan}",
        "unit_amount": amount,
        "currency": conf.currency(),
        "recurring": {"interval": "month"},
        "lookup_key": LOOKUP_KEY.format(plan=plan),
        "transfer_lookup_key": True,
        "nickname": plan.capitalize(),
        "tax_behavior": "exclusive",
        "metadata": {**MARK, "plan": plan},
    }


def _portal(client: stripe.StripeClient, prices: list[tuple[str, str]], is_dry_run: bool) -> tuple[Step, str]:
    """Larger plans at once and prorated, smaller ones at the end of the period, as cancellation."""
    params: Any = {"features": _features(prices), "metadata": MARK, "default_return_url": _page()}
    listed: Any = client.v1.billing_portal.configurations.list({"active": True, "limit": 100}).data
    found = next((each for each in listed if (each.metadata or {}).get("made_by") == "cutroom"), None)
    if not is_dry_run:
        if found is None:
            found = client.v1.billing_portal.configurations.create(params)
        else:
            client.v1.billing_portal.configurations.update(found.id, params)
        return Step(thing="portal", name=found.id, outcome="kept"), found.id
    return Step(thing="portal", name=found.id if found else "", outcome="kept" if found else "made"), ""


def _features(prices: list[tuple[str, str]]) -> dict[str, Any]:
    reasons = ["too_expensive", "missing_features", "switched_service", "unused", "low_quality", "other"]
    cancel = {
        "enabled": True,
        "mode": "at_period_end",
        "cancellation_reason": {"enabled": True, "options": reasons},
    }
    change = {
        "enabled": True,
        "default_allowed_updates": ["price", "promotion_code"],
        "proration_behavior": "always_invoice",
        "products": [{"product": product, "prices": [price]} for product, price in prices],
        "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
    }
    return {
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "customer_update": {"enabled": True, "allowed_updates": ["email", "name", "address", "tax_id"]},
        "subscription_cancel": cancel,
        "subscription_update": change,
    }


def _page() -> str:
    return f"{conf.site_url()}/billing"
