"""The page on which time is moved: renewals, ends of trials and failed payments in seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing.standin import state, timeline
from billing.standin.door import only_here
from billing.standin.state import Store
from cutroom import dispatch

STEPS = {
    "day": timedelta(days=1),
    "days": timedelta(days=3),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
}
_EVENTS_SHOWN = 20


@only_here
@require_http_methods(["GET", "HEAD", "POST"])
def clock(request: HttpRequest) -> HttpResponse:
    """What time it is for Stripe, what happens next, and ways to get there."""
    if request.method == "POST":
        with state.opened() as store:
            target = _target(store, request.POST.get("to", ""))
        timeline.travel(target)
        # The mails of the days that have passed; otherwise beat asks for them every hour.
        dispatch.ring("billing.remind_past_due")
        return redirect(request.path)
    with state.opened() as store:
        context = _context(store)
    return render(request, "billing/standin/clock.html", context)


def _target(store: Store, wish: str) -> int:
    """A step, the next thing that falls due, or a day; nonsense stays where it is."""
    if wish in STEPS:
        return store.now + int(STEPS[wish].total_seconds())
    upcoming = timeline.upcoming(store)
    if wish == "next" and upcoming:
        return upcoming[0][0]
    try:
        return max(store.now, int(datetime.fromisoformat(wish).replace(tzinfo=UTC).timestamp()))
    except ValueError:
        return store.now


def _context(store: Store) -> dict[str, Any]:
    return {
        "now": _at(store.now),
        "upcoming": [
            {"at": _at(moment), "what": what, "who": _who(store, thing["customer"])}
            for moment, what, thing in timeline.upcoming(store)
        ],
        "subscriptions": [
            {"who": _who(store, each["customer"]), "thing": each, "price": each["items"]["data"][0]["price"]}
            for each in store.find("subscription")[:_EVENTS_SHOWN]
        ],
        "events": [
            {"at": _at(event["created"]), "type": event["type"], "id": event["id"]}
            for event in store.find("event")[:_EVENTS_SHOWN]
        ],
        "undelivered": len(store.data["undelivered"]),
    }


def _who(store: Store, customer_id: str) -> str:
    owner = store.known(customer_id)
    return str(owner["email"] if owner else customer_id)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
