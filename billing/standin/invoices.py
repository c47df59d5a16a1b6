"""What the stand-in bills: lines, discounts, tax, and whether the card lets it happen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from billing import conf
from billing.standin import papers, things
from billing.standin.state import Store, Thing

# A card is known by its last digits; each behaves in one way, as Stripe's test cards do.
FAILS_LATER, NEEDS_CONFIRMATION, REFUSED = "0341", "3155", "0002"
CARDS = {
    "4242": "4242 4242 4242 4242",
    NEEDS_CONFIRMATION: "4000 0025 0000 3155",
    REFUSED: "4000 0000 0000 0002",
    FAILS_LATER: "4000 0000 0000 0341",
}
TAX_PERCENT = 20
DAY = 24 * 3600
# Days after the failure when the payment is tried again; after the last one the subscription ends.
RETRIES = (3, 8, 13)


def draw_up(store: Store, subscription: Thing, lines: list[Thing], *, reason: str) -> Thing:
    """An invoice over `lines`, less discounts, plus tax. Not remembered."""
    subtotal = sum(line["amount"] for line in lines)
    off = _discounted(store, subscription, max(subtotal, 0))
    taxed = subtotal - sum(amount for _, amount in off)
    is_taxed = subscription["automatic_tax"]["enabled"]
    tax = taxed * TAX_PERCENT // 100 if is_taxed and taxed > 0 else 0
    total = max(taxed + tax, 0)
    return papers.invoice(store, subscription) | {
        "amount_due": total,
        "amount_remaining": total,
        "automatic_tax": {"enabled": is_taxed, "status": "complete" if is_taxed else None},
        "billing_reason": reason,
        "discounts": [discount["id"] for discount, _ in off],
        "lines": things.listed(lines, url="/v1/invoices/lines"),
        "subtotal": subtotal,
        "total": total,
        "total_discount_amounts": [{"amount": amount, "discount": item["id"]} for item, amount in off],
        "total_taxes": [_tax(tax, taxed)] if tax else [],
    }


def issue(store: Store, subscription: Thing, lines: list[Thing], *, reason: str) -> Thing:
    """Remember an invoice and make it final; the first payment is still to be tried."""
    invoice = draw_up(store, subscription, lines, reason=reason)
    owner = store.get(subscription["customer"], "customer")
    thing_id = store.new_id("in")
    page = urljoin(conf.site_url(), f"/dev/checkout/invoice/{thing_id}")
    invoice |= {
        "id": thing_id,
        "number": f"{owner['invoice_prefix']}-{store.number(owner['id']):04d}",
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "status": "open",
    }
    invoice["status_transitions"]["finalized_at"] = store.now
    for row in invoice["lines"]["data"]:
        row |= {"id": store.new_id("il"), "invoice": thing_id}
    store.add(invoice)
    subscription["latest_invoice"] = thing_id
    _use_up(store, subscription)
    return invoice


def collect(store: Store, invoice: Thing, card: Thing | None) -> bool:
    """Try to take the money; tells the outcome."""
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if invoice["amount_due"] > 0 and not accepts(card, invoice["billing_reason"]):
        tries = invoice["attempt_count"]
        first = invoice["status_transitions"]["finalized_at"]
        is_last = tries > len(RETRIES)
        invoice["next_payment_attempt"] = None if is_last else first + RETRIES[tries - 1] * DAY
        store.tell("invoice.payment_failed", invoice)
        return False
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = store.now
    store.tell("invoice.paid", invoice)
    return True


def accepts(card: Thing | None, reason: str) -> bool:
    """Would the bank of this card pay?"""
    last4 = card["card"]["last4"] if card else REFUSED
    return last4 != REFUSED and not (last4 == FAILS_LATER and reason == "subscription_cycle")


def named(start: int, end: int) -> str:
    """A period as people write it: "22 Nov to 22 Dec"."""
    days = [datetime.fromtimestamp(moment, UTC) for moment in (start, end)]
    return " to ".join(f"{day.day} {day:%b}" for day in days)


def _discounted(store: Store, subscription: Thing, amount: int) -> list[tuple[Thing, int]]:
    found = []
    for discount_id in subscription["discounts"]:
        discount = store.get(discount_id, "discount")
        coupon = store.get(discount["source"]["coupon"], "coupon")
        percent, fixed = coupon["percent_off"], coupon["amount_off"]
        off = round(amount * float(percent) / 100) if percent else int(fixed or 0)
        found.append((discount, min(off, amount)))
    return found


def _use_up(store: Store, subscription: Thing) -> None:
    """A discount for one invoice ends with it."""
    subscription["discounts"] = [
        discount_id for discount_id in subscription["discounts"] if _duration(store, discount_id) != "once"
    ]


def _duration(store: Store, discount_id: str) -> str:
    discount = store.get(discount_id, "discount")
    return str(store.get(discount["source"]["coupon"], "coupon")["duration"])


def _tax(amount: int, taxed: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": "txr_standin"},
        "taxability_reason": "standard_rated",
        "taxable_amount": taxed,
        "type": "tax_rate_details",
    }
