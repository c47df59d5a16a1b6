"""Checkout and portal sessions: what the product asks for, and what people do on their pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from billing import conf
from billing.standin import invoices, subscriptions, things
from billing.standin.errors import Refused
from billing.standin.state import Store, Thing

_OPEN_SECONDS = 24 * 3600


def start_checkout(store: Store, params: dict[str, Any]) -> Thing:
    """A session for one price of a subscription."""
    price = store.get(params["line_items"][0]["price"], "price", param="line_items[0][price]")
    owner = store.get(params["customer"], "customer", param="customer")
    plan = params.get("subscription_data", {})
    thing_id = store.new_id("cs_test")
    trial_days = int(plan.get("trial_period_days", 0))
    is_taxed = params.get("automatic_tax", {}).get("enabled") == "true"
    session = {
        "id": thing_id,
        "object": "checkout.session",
        "allow_promotion_codes": params.get("allow_promotion_codes") == "true",
        "automatic_tax": {"enabled": is_taxed, "liability": None, "provider": None, "status": None},
        "cancel_url": params["cancel_url"],
        "client_reference_id": params.get("client_reference_id"),
        "created": store.now,
        "currency": price["currency"],
        "customer": owner["id"],
        "customer_details": {"email": owner["email"], "name": owner["name"]},
        "customer_email": None,
        "discounts": [],
        "expires_at": store.now + _OPEN_SECONDS,
        "invoice": None,
        "livemode": False,
        "metadata": {**params.get("metadata", {})},
        "mode": params["mode"],
        "payment_intent": None,
        "payment_method_collection": params.get("payment_method_collection", "always"),
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "setup_intent": None,
        "status": "open",
        "subscription": None,
        "success_url": params["success_url"],
        "ui_mode": "hosted",
        "url": urljoin(conf.site_url(), f"/dev/checkout/pay/{thing_id}"),
    }
    store.data["plans"][thing_id] = {
        "price": price["id"],
        "trial_days": trial_days,
        "metadata": plan.get("metadata", {}),
    }
    session |= totals(store, session, code=None)
    return store.add(session)


def totals(store: Store, session: Thing, *, code: Thing | None) -> dict[str, Any]:
    """What the session costs today, with a promotion code if there is one."""
    plan = store.data["plans"][session["id"]]
    price = store.get(plan["price"], "price")
    subtotal = 0 if plan["trial_days"] else int(price["unit_amount"])
    coupon = store.get(code["promotion"]["coupon"], "coupon") if code else None
    off = _off(coupon, subtotal)
    is_taxed = session["automatic_tax"]["enabled"]
    tax = (subtotal - off) * invoices.TAX_PERCENT // 100 if is_taxed else 0
    return {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - off + tax,
        "total_details": {"amount_discount": off, "amount_shipping": 0, "amount_tax": tax},
    }


def promotion(store: Store, session: Thing, word: str) -> Thing | None:
    """The code that `word` names; refuses an unknown one."""
    if not word or not session["allow_promotion_codes"]:
        return None
    for code in store.find("promotion_code", active=True):
        if code["code"].lower() == word.lower():
            return code
    raise Refused(f"{word} is not a promotion code.", code="promotion_code_invalid")


def pay(store: Store, session: Thing, *, last4: str, word: str = "") -> Thing:
    """Complete a session by a card; refuses as the bank does. Paying again does nothing."""
    if session["status"] == "complete":
        return session
    if session["status"] != "open":
        raise Refused("This checkout has expired. Go back and start again.", code="session_expired")
    code = promotion(store, session, word)
    plan = store.data["plans"][session["id"]]
    is_free_trial = plan["trial_days"] and session["payment_method_collection"] == "if_required"
    if last4 == invoices.REFUSED and not is_free_trial:
        raise Refused.by_the_bank("card_declined", "Your card was declined.")
    subscription = subscriptions.begin(
        store,
        customer_id=session["customer"],
        price=store.get(plan["price"], "price"),
        trial_days=plan["trial_days"],
        is_taxed=session["automatic_tax"]["enabled"],
        metadata=plan["metadata"],
    )
    if is_free_trial:
        subscription["trial_settings"]["end_behavior"]["missing_payment_method"] = "cancel"
    else:
        _attach_card(store, session, subscription, last4)
    if code is not None:
        _apply(store, session, subscription, code)
    invoice = subscriptions.open_up(store, subscription)
    session |= totals(store, session, code=code)
    session |= {
        "invoice": invoice["id"],
        "payment_status": "no_payment_required" if is_free_trial else "paid",
        "status": "complete",
        "subscription": subscription["id"],
        "url": None,
    }
    store.tell("checkout.session.completed", session)
    return session


def start_portal(store: Store, params: dict[str, Any]) -> Thing:
    """A session of the customer's own pages, perhaps for one deed only."""
    owner = store.get(params["customer"], "customer", param="customer")
    thing_id = store.new_id("bps")
    flow = params.get("flow_data")
    return store.add(
        {
            "id": thing_id,
            "object": "billing_portal.session",
            "configuration": params.get("configuration", ""),
            "created": store.now,
            "customer": owner["id"],
            "flow": flow,
            "livemode": False,
            "locale": None,
            "on_behalf_of": None,
            "return_url": params.get("return_url"),
            "url": urljoin(conf.site_url(), f"/dev/checkout/portal/{thing_id}"),
        }
    )


def _attach_card(store: Store, session: Thing, subscription: Thing, last4: str) -> None:
    owner = store.get(session["customer"], "customer")
    card = store.add(things.payment_method(store, customer_id=owner["id"], last4=last4, email=owner["email"]))
    subscription["default_payment_method"] = card["id"]
    store.tell("payment_method.attached", card)


def _apply(store: Store, session: Thing, subscription: Thing, code: Thing) -> None:
    discount = things.discount(
        store,
        coupon_id=code["promotion"]["coupon"],
        code_id=code["id"],
        subscription=subscription,
        session_id=session["id"],
    )
    store.add(discount)
    subscription["discounts"] = [discount["id"]]
    code["times_redeemed"] += 1


def _off(coupon: Thing | None, amount: int) -> int:
    if coupon is None:
        return 0
    percent = coupon["percent_off"]
    return min(round(amount * float(percent) / 100) if percent else int(coupon["amount_off"] or 0), amount)
