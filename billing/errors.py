"""Refusals of the billing app."""

from __future__ import annotations

from cutroom.errors import Conflict, DomainError, Unavailable


class PaymentsUnavailable(Unavailable):
    """Stripe did not answer or could not do it now. Nothing was started and nothing was charged."""

    code = "payments-unavailable"
    title = (
        "Stripe does not answer right now, so nothing was started and nothing was charged. "
        "Your plan and your limits stay as they are. Try again in a minute."
    )


class PaymentsNotSetUp(Unavailable):
    """This installation has no Stripe key, or `manage.py stripe_setup` has not been run."""

    code = "payments-not-set-up"
    title = (
        "Payments are not set up on this Cutroom. Whoever runs it can do that with `manage.py stripe_setup`."
    )


class AlreadySubscribed(Conflict):
    """The workspace pays for this plan already; a second subscription is never started."""

    code = "already-subscribed"
    title = "This workspace is on that plan already"


class NotForSale(Conflict):
    """A plan that cannot be paid for by card: it is free, or its price is by agreement."""

    code = "plan-not-for-sale"
    title = "This plan cannot be bought here"


class NothingToManage(Conflict):
    """A workspace that never paid has no card, no invoice and nothing to cancel."""

    code = "nothing-to-manage"
    title = "There is no subscription, no card and no invoice yet. They appear once you choose a plan."


class WebhookRefused(DomainError):
    """A webhook without a valid signature of this endpoint. Nothing of it was stored."""

    code = "webhook-refused"
    title = "This is not a webhook that Stripe signed for this address"

    def __init__(self, detail: str | None = None, *, reason: str = "") -> None:
        super().__init__(detail)
        self.reason = reason


class WebhookFailed(DomainError):
    """A webhook that could not be processed; Stripe sends it again."""

    code = "webhook-failed"
    status = 500
    title = "The event could not be processed; send it again"
