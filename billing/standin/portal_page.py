"""The page that looks like Stripe's customer portal: plan, cancellation, card, invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing.standin import courier, invoices, state, subscriptions, things
from billing.standin.door import only_here
from billing.standin.errors import Refused
from billing.standin.state import Store, Thing

CARDS = [last4 for last4 in invoices.CARDS if last4 != invoices.NEEDS_CONFIRMATION]


@only_here
@require_http_methods(["GET", "HEAD", "POST"])
def portal(request: HttpRequest, session_id: str) -> HttpResponse:
    """Everything one may do, or only what the session was opened for."""
    reason = ""
    if request.method == "POST":
        try:
            target = _do(request, session_id)
            courier.deliver()
            return redirect(target or request.path)
        except Refused as refusal:
            if refusal.status == 404:
                raise
            reason = str(refusal)
    with state.opened() as store:
        context = _context(store, store.get(session_id, "billing_portal.session"))
    status = 402 if reason else 200
    return render(request, "billing/standin/portal.html", {**context, "reason": reason}, status=status)


def _do(request: HttpRequest, session_id: str) -> str:
    """Do what the button says; where to go then, empty for the same page."""
    with state.opened() as store:
        session = store.get(session_id, "billing_portal.session")
        alive = subscriptions.alive(store, session["customer"])
        subscription = alive[0] if alive else None
        deed = request.POST.get("deed", "")
        if deed == "card":
            _use_card(store, session, subscription, request.POST.get("card", "4242"))
        elif subscription is not None and deed == "cancel":
            subscriptions.cancel_at_period_end(store, subscription)
        elif subscription is not None and deed == "keep":
            subscriptions.keep(store, subscription)
        elif subscription is not None and deed == "change":
            price = store.get(request.POST.get("price", ""), "price")
            subscriptions.change_price(store, subscription, price)
        return str(session["return_url"]) if session["flow"] else ""


def _use_card(store: Store, session: Thing, subscription: Thing | None, last4: str) -> None:
    if last4 == invoices.REFUSED:
        raise Refused.by_the_bank("card_declined", "Your card was declined.")
    owner = store.get(session["customer"], "customer")
    card = things.payment_method(store, customer_id=owner["id"], last4=last4, email=owner["email"])
    subscriptions.use_card(store, subscription, owner, store.add(card))


def _context(store: Store, session: Thing) -> dict[str, Any]:
    alive = subscriptions.alive(store, session["customer"])
    subscription = alive[0] if alive else None
    flow = session["flow"] or {}
    context: dict[str, Any] = {
        "session": session,
        "owner": store.get(session["customer"], "customer"),
        "flow": flow.get("type", ""),
        "cards": [(last4, invoices.CARDS[last4]) for last4 in CARDS],
        "invoices": [
            {**paper, "at": _day(paper["created"])}
            for paper in store.find("invoice", customer=session["customer"])
        ],
    }
    if subscription is None:
        return context
    return context | _of_subscription(store, subscription, flow)


def _of_subscription(store: Store, subscription: Thing, flow: dict[str, Any]) -> dict[str, Any]:
    item = subscriptions.item_of(subscription)
    schedule = store.known(subscription["schedule"])
    next_price = store.get(schedule["phases"][-1]["items"][0]["price"], "price") if schedule else None
    context = {
        "subscription": subscription,
        "price": item["price"],
        "card": subscriptions.card_of(store, subscription),
        "ends_at": _day(item["current_period_end"]),
        "is_ending": subscription["cancel_at_period_end"],
        "next_price": next_price,
        "others": [
            price for price in store.find("price", active=True)[::-1] if price["id"] != item["price"]["id"]
        ],
    }
    change = flow.get("subscription_update_confirm")
    if change:
        target = store.get(change["items"][0]["price"], "price")
        context["target"] = target
        context["is_smaller"] = target["unit_amount"] < item["price"]["unit_amount"]
        lines = subscriptions.proration(store, subscription, target)
        context["preview"] = invoices.draw_up(store, subscription, lines, reason="subscription_update")
    return context


def _day(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
