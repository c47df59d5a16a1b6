"""The shapes of Stripe's objects, API version 2026-05-27.dahlia, which a test compares."""

from __future__ import annotations

from typing import Any

from billing.standin.state import Store, Thing

ACCOUNT_ID = "acct_standin"


def account() -> Thing:
    """Whom the key belongs to."""
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {"name": "Cutroom, test payments", "url": None},
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "created": 1_700_000_000,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "payments@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {"icon": None, "logo": None},
            "dashboard": {"display_name": "Test payments"},
        },
        "type": "standard",
    }


def listed(things: list[Any], *, url: str) -> Thing:
    """All of them on one page."""
    return {"object": "list", "data": things, "has_more": False, "url": url}


def product(store: Store, *, thing_id: str, name: str, description: str, metadata: dict[str, str]) -> Thing:
    """What is sold."""
    return {
        "id": thing_id or store.new_id("prod"),
        "object": "product",
        "active": True,
        "created": store.now,
        "default_price": None,
        "description": description or None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": metadata,
        "name": name,
        "tax_code": None,
        "type": "service",
        "updated": store.now,
        "url": None,
    }


def price(store: Store, **fields: Any) -> Thing:
    """What a month of a product costs."""
    return {
        "id": store.new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": store.now,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": "exclusive",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount_decimal": str(fields["unit_amount"]),
        **fields,
    }


def customer(store: Store, *, email: str | None, name: str | None, metadata: dict[str, str]) -> Thing:
    """Who pays."""
    return {
        "id": store.new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": store.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": f"CUT{store.number('customer'):04d}",
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
        "livemode": False,
        "metadata": metadata,
        "name": name,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def payment_method(store: Store, *, customer_id: str, last4: str, email: str | None) -> Thing:
    """A card."""
    return {
        "id": store.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "always",
        "billing_details": {"address": {}, "email": email, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": "visa",
            "country": "US",
            "display_brand": "visa",
            "exp_month": 11,
            "exp_year": 2034,
            "fingerprint": f"card{last4}",
            "funding": "credit",
            "last4": last4,
        },
        "created": store.now,
        "customer": customer_id,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def subscription_item(store: Store, *, subscription_id: str, price: Thing, start: int, end: int) -> Thing:
    """The price that a subscription bills, and for which period."""
    return {
        "id": store.new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": store.now,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": 1,
        "subscription": subscription_id,
        "tax_rates": [],
    }


def subscription(store: Store, *, thing_id: str, customer_id: str, currency: str) -> Thing:
    """A subscription that nothing is known of yet."""
    return {
        "id": thing_id,
        "object": "subscription",
        "application": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": store.now,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": store.now,
        "currency": currency,
        "customer": customer_id,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": listed([], url=f"/v1/subscription_items?subscription={thing_id}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "pause_collection": None,
        "pending_update": None,
        "schedule": None,
        "start_date": store.now,
        "status": "incomplete",
        "test_clock": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def schedule(store: Store, *, subscription: Thing, phases: list[Thing]) -> Thing:
    """What a subscription turns into at the end of its period."""
    return {
        "id": store.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "canceled_at": None,
        "completed_at": None,
        "created": store.now,
        "current_phase": {"start_date": phases[0]["start_date"], "end_date": phases[0]["end_date"]},
        "customer": subscription["customer"],
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "phases": phases,
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": None,
    }


def phase(*, price_id: str, start: int, end: int) -> Thing:
    """A stretch of a schedule."""
    return {
        "items": [{"price": price_id, "quantity": 1, "discounts": [], "metadata": {}, "tax_rates": []}],
        "start_date": start,
        "end_date": end,
        "currency": "usd",
        "discounts": [],
        "metadata": {},
        "proration_behavior": "none",
    }


def coupon(store: Store, *, thing_id: str, **fields: Any) -> Thing:
    """So much off."""
    return {
        "id": thing_id or store.new_id("coupon"),
        "object": "coupon",
        "amount_off": None,
        "created": store.now,
        "currency": None,
        "duration": "once",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
        **fields,
    }


def promotion_code(store: Store, *, code: str, coupon_id: str) -> Thing:
    """The word for a coupon that people type."""
    return {
        "id": store.new_id("promo"),
        "object": "promotion_code",
        "active": True,
        "code": code,
        "created": store.now,
        "customer": None,
        "expires_at": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "promotion": {"type": "coupon", "coupon": coupon_id},
        "restrictions": {"first_time_transaction": False, "minimum_amount": None},
        "times_redeemed": 0,
    }


def discount(store: Store, *, coupon_id: str, code_id: str, subscription: Thing, session_id: str) -> Thing:
    """A coupon at work."""
    return {
        "id": store.new_id("di"),
        "object": "discount",
        "checkout_session": session_id,
        "customer": subscription["customer"],
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code_id,
        "source": {"type": "coupon", "coupon": coupon_id},
        "start": store.now,
        "subscription": subscription["id"],
        "subscription_item": None,
    }
