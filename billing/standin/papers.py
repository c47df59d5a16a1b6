"""The shapes of invoices and their lines, API version 2026-05-27.dahlia, which a test compares."""

from __future__ import annotations

from billing.standin.state import Store, Thing


def invoice(store: Store, subscription: Thing) -> Thing:
    """A draft for the customer of `subscription` that asks for nothing yet."""
    owner = store.get(subscription["customer"], "customer")
    return {
        "object": "invoice",
        "account_country": "US",
        "account_name": "Cutroom, test payments",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "collection_method": "charge_automatically",
        "created": store.now,
        "currency": subscription["currency"],
        "customer": owner["id"],
        "customer_email": owner["email"],
        "customer_name": owner["name"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "due_date": None,
        "effective_at": store.now,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        "period_end": store.now,
        "period_start": store.now,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
    }


def line(*, subscription: Thing, price: Thing, amount: int, text: str, start: int, end: int) -> Thing:
    """A line of an invoice for `start` to `end`; negative amounts give back."""
    item = subscription["items"]["data"][0]
    return {
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": text,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": amount != price["unit_amount"],
                "proration_details": None,
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"start": start, "end": end},
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(amount),
        },
        "quantity": 1,
        "subscription": subscription["id"],
        "taxes": [],
    }
