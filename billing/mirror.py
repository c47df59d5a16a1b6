"""Brings dj-stripe's mirror of one customer up to date by asking Stripe. Inside the customer's lock."""

from __future__ import annotations

from typing import Any

import stripe
from djstripe.models import Invoice, PaymentMethod, Subscription, SubscriptionSchedule

from billing import conf, gateway

# Newest first; nobody needs more to know what a customer has now.
_MOST_SUBSCRIPTIONS = 20


def fetch(customer_id: str) -> None:
    """Copy the customer's subscriptions, and of the living ones schedule, card and newest invoice.

    What the mirror has and Stripe has not is removed: another account, or deleted test data.
    """
    with gateway.asking("subscriptions.list"):
        try:
            found = gateway.client().v1.subscriptions.list(
                {"customer": customer_id, "status": "all", "limit": _MOST_SUBSCRIPTIONS}
            )
        except stripe.InvalidRequestError as error:
            if not gateway.is_missing(error):
                raise
            Subscription.objects.filter(customer_id=customer_id).delete()
            return
        for subscription in found.data:
            Subscription.sync_from_stripe_data(subscription, api_key=conf.secret_key())
            if subscription.ended_at is None:
                _copy_parts(subscription)
    if not found.has_more:
        known = [subscription.id for subscription in found.data]
        Subscription.objects.filter(customer_id=customer_id).exclude(id__in=known).delete()


def id_of(reference: Any) -> str:
    """The id behind a field that Stripe fills with an id, or with the whole thing; empty for neither."""
    if isinstance(reference, dict):
        return str(reference["id"])
    return str(reference or "")


def _copy_parts(subscription: stripe.Subscription) -> None:
    parts = (
        (SubscriptionSchedule, subscription.schedule),
        (PaymentMethod, subscription.default_payment_method),
        (Invoice, subscription.latest_invoice),
    )
    for model, reference in parts:
        if reference:
            thing = model(id=id_of(reference)).api_retrieve(api_key=conf.secret_key())
            model.sync_from_stripe_data(thing, api_key=conf.secret_key())
