"""The life of a subscription at the stand-in: begin, renew, change, fail, end."""

from __future__ import annotations

from billing.standin import invoices, months, papers, things
from billing.standin.errors import Refused
from billing.standin.state import Store, Thing

ENDED = ("canceled", "incomplete_expired")


def item_of(subscription: Thing) -> Thing:
    """Its one item, which has the price and the period."""
    item: Thing = subscription["items"]["data"][0]
    return item


def card_of(store: Store, subscription: Thing) -> Thing | None:
    """The card it is paid by."""
    owner = store.get(subscription["customer"], "customer")
    return store.known(
        subscription["default_payment_method"] or owner["invoice_settings"]["default_payment_method"]
    )


def alive(store: Store, customer_id: str) -> list[Thing]:
    """The customer's subscriptions that have not ended, newest first."""
    found = store.find("subscription", customer=customer_id)
    return [subscription for subscription in found if subscription["status"] not in ENDED]


def begin(
    store: Store,
    *,
    customer_id: str,
    price: Thing,
    trial_days: int = 0,
    is_taxed: bool = False,
    metadata: dict[str, str] | None = None,
) -> Thing:
    """A subscription that waits for its first payment."""
    subscription = things.subscription(
        store, thing_id=store.new_id("sub"), customer_id=customer_id, currency=price["currency"]
    )
    trial_end = store.now + trial_days * invoices.DAY if trial_days else None
    anchor = trial_end or store.now
    subscription |= {
        "billing_cycle_anchor": anchor,
        "metadata": metadata or {},
        "trial_start": store.now if trial_days else None,
        "trial_end": trial_end,
    }
    subscription["automatic_tax"]["enabled"] = is_taxed
    subscription["items"]["data"].append(
        things.subscription_item(
            store,
            subscription_id=subscription["id"],
            price=price,
            start=store.now,
            end=trial_end or months.after(anchor, 1),
        )
    )
    return store.add(subscription)


def open_up(store: Store, subscription: Thing) -> Thing:
    """Bill the first period and make the subscription active or trialing; the card was asked already."""
    store.tell("customer.subscription.created", subscription)
    is_trial = subscription["trial_end"] is not None
    invoice = invoices.issue(
        store,
        subscription,
        [_month(subscription, amount=0 if is_trial else None)],
        reason="subscription_create",
    )
    invoices.collect(store, invoice, card_of(store, subscription))
    subscription["status"] = "trialing" if is_trial else "active"
    store.tell("customer.subscription.updated", subscription)
    return invoice


def renew(store: Store, subscription: Thing) -> None:
    """The period is over: end, change, or bill the next one."""
    if subscription["cancel_at_period_end"]:
        end(store, subscription)
        return
    if subscription["trial_end"] == store.now and card_of(store, subscription) is None:
        end(store, subscription)
        return
    _follow_schedule(store, subscription)
    item = item_of(subscription)
    item["current_period_start"] = item["current_period_end"]
    item["current_period_end"] = months.following(
        subscription["billing_cycle_anchor"], item["current_period_start"]
    )
    invoice = invoices.issue(store, subscription, [_month(subscription)], reason="subscription_cycle")
    is_paid = invoices.collect(store, invoice, card_of(store, subscription))
    subscription["status"] = "active" if is_paid else "past_due"
    store.tell("customer.subscription.updated", subscription)


def retry(store: Store, invoice: Thing) -> None:
    """Try to collect once more; after the last try the subscription ends."""
    subscription = store.get(invoice["parent"]["subscription_details"]["subscription"], "subscription")
    if invoices.collect(store, invoice, card_of(store, subscription)):
        subscription["status"] = "active"
        store.tell("customer.subscription.updated", subscription)
    elif invoice["next_payment_attempt"] is None:
        end(store, subscription)


def change_price(store: Store, subscription: Thing, price: Thing) -> None:
    """A larger price at once, the rest of the period prorated; a smaller one at the end of the period."""
    item = item_of(subscription)
    if price["unit_amount"] < item["price"]["unit_amount"]:
        _put_on_schedule(store, subscription, price)
        return
    lines = proration(store, subscription, price)
    due = invoices.draw_up(store, subscription, lines, reason="subscription_update")["amount_due"]
    card = card_of(store, subscription)
    if due and not invoices.accepts(card, "subscription_update"):
        raise Refused.by_the_bank("card_declined", "Your card was declined.")
    keep(store, subscription)
    item["price"] = price
    invoice = invoices.issue(store, subscription, lines, reason="subscription_update")
    invoices.collect(store, invoice, card)
    store.tell("customer.subscription.updated", subscription)


def proration(store: Store, subscription: Thing, price: Thing) -> list[Thing]:
    """What a change to `price` now gives back and costs for the rest of the period."""
    item = item_of(subscription)
    start, until = item["current_period_start"], item["current_period_end"]
    share = (until - store.now) / (until - start)
    old = item["price"]
    back = -round(old["unit_amount"] * share)
    more = round(price["unit_amount"] * share)
    return [
        papers.line(
            subscription=subscription, price=old, amount=back, text="Unused time", start=store.now, end=until
        ),
        papers.line(
            subscription=subscription,
            price=price,
            amount=more,
            text=f"Remaining time, {invoices.named(store.now, until)}",
            start=store.now,
            end=until,
        ),
    ]


def preview(store: Store, subscription: Thing) -> Thing:
    """The invoice that the next period will bring. Refuses when there will be none."""
    if subscription["status"] in ENDED or subscription["cancel_at_period_end"]:
        raise Refused("No upcoming invoices.", status=404, code="invoice_upcoming_none")
    item = item_of(subscription)
    schedule = store.known(subscription["schedule"])
    price = store.get(schedule["phases"][-1]["items"][0]["price"], "price") if schedule else item["price"]
    start = item["current_period_end"]
    end = months.following(subscription["billing_cycle_anchor"], start)
    row = _period(subscription, price, start, end, amount=price["unit_amount"])
    return invoices.draw_up(store, subscription, [row], reason="upcoming")


def cancel_at_period_end(store: Store, subscription: Thing) -> None:
    """It goes on until the period that is paid for is over."""
    _leave_schedule(store, subscription)
    subscription |= {
        "cancel_at_period_end": True,
        "cancel_at": item_of(subscription)["current_period_end"],
        "canceled_at": store.now,
    }
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
    store.tell("customer.subscription.updated", subscription)


def keep(store: Store, subscription: Thing) -> None:
    """Take back a cancellation or a planned change."""
    _leave_schedule(store, subscription)
    subscription |= {"cancel_at_period_end": False, "cancel_at": None, "canceled_at": None}
    subscription["cancellation_details"]["reason"] = None
    store.tell("customer.subscription.updated", subscription)


def end(store: Store, subscription: Thing) -> None:
    """Over."""
    is_unpaid = subscription["status"] == "past_due"
    subscription |= {"status": "canceled", "ended_at": store.now, "cancel_at_period_end": False}
    subscription["canceled_at"] = subscription["canceled_at"] or store.now
    if is_unpaid:
        subscription["cancellation_details"]["reason"] = "payment_failed"
    for invoice in store.find("invoice", customer=subscription["customer"], status="open"):
        invoice["next_payment_attempt"] = None
    store.tell("customer.subscription.deleted", subscription)


def use_card(store: Store, subscription: Thing | None, owner: Thing, card: Thing) -> None:
    """Pay by another card from now on, and what is open at once."""
    owner["invoice_settings"]["default_payment_method"] = card["id"]
    store.tell("payment_method.attached", card)
    store.tell("customer.updated", owner)
    if subscription is None:
        return
    subscription["default_payment_method"] = card["id"]
    store.tell("customer.subscription.updated", subscription)
    for invoice in store.find("invoice", customer=owner["id"], status="open"):
        retry(store, invoice)


def _month(subscription: Thing, amount: int | None = None) -> Thing:
    item = item_of(subscription)
    price = item["price"]
    return _period(
        subscription,
        price,
        item["current_period_start"],
        item["current_period_end"],
        amount=price["unit_amount"] if amount is None else amount,
    )


def _period(subscription: Thing, price: Thing, start: int, end: int, *, amount: int) -> Thing:
    text = f"{price['nickname'] or 'Subscription'}, {invoices.named(start, end)}"
    return papers.line(subscription=subscription, price=price, amount=amount, text=text, start=start, end=end)


def _put_on_schedule(store: Store, subscription: Thing, price: Thing) -> None:
    keep(store, subscription)
    item = item_of(subscription)
    start, until = item["current_period_start"], item["current_period_end"]
    schedule = things.schedule(
        store,
        subscription=subscription,
        phases=[
            things.phase(price_id=item["price"]["id"], start=start, end=until),
            things.phase(price_id=price["id"], start=until, end=months.after(until, 1)),
        ],
    )
    store.add(schedule)
    subscription["schedule"] = schedule["id"]
    store.tell("subscription_schedule.created", schedule)
    store.tell("customer.subscription.updated", subscription)


def _follow_schedule(store: Store, subscription: Thing) -> None:
    schedule = store.known(subscription["schedule"])
    if schedule is None:
        return
    price_id = schedule["phases"][-1]["items"][0]["price"]
    item_of(subscription)["price"] = store.get(price_id, "price")
    _release(store, subscription, schedule)


def _leave_schedule(store: Store, subscription: Thing) -> None:
    schedule = store.known(subscription["schedule"])
    if schedule is not None:
        _release(store, subscription, schedule)


def _release(store: Store, subscription: Thing, schedule: Thing) -> None:
    schedule |= {
        "status": "released",
        "released_at": store.now,
        "released_subscription": subscription["id"],
        "subscription": None,
        "current_phase": None,
    }
    subscription["schedule"] = None
    store.tell("subscription_schedule.released", schedule)
