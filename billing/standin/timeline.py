"""The stand-in's clock: whatever falls due on the way happens, in order, at its own moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from billing.standin import courier, state, subscriptions
from billing.standin.invoices import DAY
from billing.standin.state import Store, Thing

Deed = Callable[[], None]
TRIAL_WARNING_DAYS = 3


def travel(to: int) -> None:
    """Live until `to`, and let the webhooks of each moment find Stripe as it was then."""
    moment = 0
    while moment < to:
        with state.opened() as store:
            moment = min([to, *(each for each, _, _ in upcoming(store))])
            advance(store, moment)
        courier.deliver()


def advance(store: Store, to: int) -> None:
    """Live until `to`, without a webhook."""
    while due := next(iter(sorted(_due(store, to), key=lambda pair: pair[0])), None):
        moment, deed = due
        store.live_at(moment)
        deed()
    store.live_at(None)
    store.move_to(to)


def upcoming(store: Store) -> list[tuple[int, str, Thing]]:
    """What will happen next, as (moment, what, to which thing), soonest first."""
    found: list[tuple[int, str, Thing]] = []
    for thing in store.find("subscription"):
        if thing["status"] in ("active", "trialing"):
            found.append((subscriptions.item_of(thing)["current_period_end"], "period ends", thing))
    for thing in store.find("invoice", status="open"):
        if thing["next_payment_attempt"]:
            found.append((thing["next_payment_attempt"], "payment is tried again", thing))
    return sorted(found, key=lambda each: each[0])


def expire_sessions(store: Store) -> None:
    """Close checkouts that nobody paid in time."""
    for session in store.find("checkout.session", status="open"):
        if session["expires_at"] <= store.now:
            session |= {"status": "expired", "url": None}
            store.tell("checkout.session.expired", session)


def _due(store: Store, to: int) -> Iterator[tuple[int, Deed]]:
    deeds = {"period ends": subscriptions.renew, "payment is tried again": subscriptions.retry}
    for moment, what, thing in upcoming(store):
        if moment <= to:
            yield moment, partial(deeds[what], store, thing)
    for subscription in store.find("subscription", status="trialing"):
        warning = subscription["trial_end"] - TRIAL_WARNING_DAYS * DAY
        if store.now <= warning <= to and f"warned:{subscription['id']}" not in store.data["numbers"]:
            yield warning, partial(_warn, store, subscription)


def _warn(store: Store, subscription: Thing) -> None:
    store.number(f"warned:{subscription['id']}")
    store.tell("customer.subscription.trial_will_end", subscription)
