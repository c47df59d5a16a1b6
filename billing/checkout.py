"""The way to Stripe's payment page: one at a time for each tenant, so two clicks never buy twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import stripe
from djstripe.models import Subscription

from billing import conf, customers, gateway, portal, projection, selectors
from billing.errors import AlreadySubscribed, NotForSale, PaymentsUnavailable
from billing.models import CheckoutAttempt
from cutroom.errors import Conflict, InvalidInput, NotFound
from metering import conf as metering_conf
from tenants import audit
from tenants.context import tenant_context


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """Where to send somebody who wants to pay."""

    url: str
    session_id: str


def start(*, tenant_id: UUID, plan: str) -> Checkout:
    """A page of Stripe's on which `plan` can be bought, or changed to by somebody who pays already.

    However often it is asked, there is one open page, and never a second subscription. Raises InvalidInput,
    NotForSale, AlreadySubscribed, PaymentsNotSetUp, PaymentsUnavailable. Call outside any transaction.
    """
    _must_be_for_sale(plan)
    customer_id = customers.ensure(tenant_id)
    attempt = _current_attempt(tenant_id, plan, customer_id)
    with tenant_context(tenant_id):
        subscription = selectors.subscription(tenant_id)
    if subscription.is_alive:
        if subscription.plan == plan:
            raise AlreadySubscribed(f"This workspace is on {plan.capitalize()} already.")
        return _as_checkout(portal.open_for_plan(tenant_id=tenant_id, plan=plan))
    if attempt is not None:
        return Checkout(url=attempt.url, session_id=attempt.session_id)
    claimed = _claim(tenant_id, plan)
    if claimed.plan != plan:
        raise Conflict("Another plan is being opened in another tab. Try again in a moment.")
    return _open(claimed, customer_id)


def finish(*, tenant_id: UUID, session_id: str) -> bool:
    """Look whether a checkout of the tenant was paid, and make it count; tells whether it was.

    Any number of times, before or after the webhooks. Raises NotFound for a session of somebody else.
    """
    with tenant_context(tenant_id):
        if not CheckoutAttempt.objects.filter(session_id=session_id).exists():
            raise NotFound()
        if selectors.subscription(tenant_id).is_alive:
            return True
    with gateway.asking("checkout.retrieve"):
        session = gateway.client().v1.checkout.sessions.retrieve(session_id)
    if session.status == "complete":
        projection.refresh(tenant_id=tenant_id, customer_id=str(session.customer))
    return session.status == "complete"


def _must_be_for_sale(plan: str) -> None:
    if plan not in metering_conf.plans():
        choices = ", ".join(name for name, price in conf.prices().items() if price)
        detail = f"There is no plan {plan!r}; choose one of: {choices}."
        raise InvalidInput(errors=[{"field": "plan", "code": "unknown-plan", "detail": detail}])
    price = conf.prices().get(plan)
    if price is None:
        raise NotForSale(f"{plan.capitalize()} is by agreement. Write to {conf.contact()}.")
    if price == 0:
        raise NotForSale(f"{plan.capitalize()} costs nothing. Cancel your plan to return to it.")


def _current_attempt(tenant_id: UUID, plan: str, customer_id: str) -> CheckoutAttempt | None:
    """The attempt whose page can still be used for `plan`; what became of any other is settled first."""
    with tenant_context(tenant_id):
        attempt = CheckoutAttempt.objects.filter(closed_at=None).exclude(session_id="").first()
    if attempt is None:
        return None
    sessions = gateway.client().v1.checkout.sessions
    with gateway.asking("checkout.retrieve"):
        try:
            status = sessions.retrieve(attempt.session_id).status
            if status == "open" and attempt.plan != plan:
                status = sessions.expire(attempt.session_id).status
        except stripe.InvalidRequestError as error:
            if not gateway.is_missing(error):
                raise
            status = "expired"
    if status == "open":
        return attempt
    if status == "complete":
        # Paid, but the webhook has not arrived.
        projection.refresh(tenant_id=tenant_id, customer_id=customer_id)
    _close(attempt)
    return None


def _claim(tenant_id: UUID, plan: str) -> CheckoutAttempt:
    """The tenant's open attempt, made now unless another click was faster."""
    with tenant_context(tenant_id):
        # ON CONFLICT DO NOTHING waits for the other click to commit; then its row is there to be read.
        fresh = CheckoutAttempt(tenant_id=tenant_id, plan=plan, created_at=conf.now())
        CheckoutAttempt.objects.bulk_create([fresh], ignore_conflicts=True)
        return CheckoutAttempt.objects.get(closed_at=None)


def _open(attempt: CheckoutAttempt, customer_id: str) -> Checkout:
    sessions = gateway.client().v1.checkout.sessions
    params: Any = _params(attempt, customer_id)
    try:
        with gateway.asking("checkout.create"):
            session = sessions.create(params, {"idempotency_key": str(attempt.key)})
    except PaymentsUnavailable as refusal:
        # Stripe repeats a definite answer for a key, so the next try needs a new one; after a broken line the
        # session may exist, and only the same key finds it.
        if not isinstance(refusal.__cause__, stripe.APIConnectionError):
            _close(attempt)
        if getattr(refusal.__cause__, "param", None) == "customer":
            customers.unlink(customer_id)
        raise
    with tenant_context(attempt.tenant_id):
        CheckoutAttempt.objects.filter(pk=attempt.pk).update(session_id=session.id, url=session.url or "")
        audit.record("checkout.opened", target=f"checkout:{session.id}", detail={"plan": attempt.plan})
    return Checkout(url=session.url or "", session_id=session.id)


def _close(attempt: CheckoutAttempt) -> None:
    with tenant_context(attempt.tenant_id):
        CheckoutAttempt.objects.filter(pk=attempt.pk, closed_at=None).update(closed_at=conf.now())


def _params(attempt: CheckoutAttempt, customer_id: str) -> dict[str, Any]:
    """https://docs.stripe.com/api/checkout/sessions/create"""
    tenant_id = str(attempt.tenant_id)
    params: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": tenant_id,
        "line_items": [{"price": customers.price_id(attempt.plan), "quantity": 1}],
        "subscription_data": {"metadata": {"tenant": tenant_id}},
        "success_url": f"{conf.site_url()}/billing/return?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{conf.site_url()}/billing/return?left=1",
        "allow_promotion_codes": conf.takes_promotion_codes(),
    }
    if conf.is_taxed():
        params |= {
            "automatic_tax": {"enabled": True},
            "tax_id_collection": {"enabled": True},
            "customer_update": {"address": "auto", "name": "auto"},
        }
    if conf.trial_days() and not Subscription.objects.filter(customer_id=customer_id).exists():
        # One trial a tenant, without a card: who gives none by its end is back on the free plan.
        params["payment_method_collection"] = "if_required"
        params["subscription_data"] |= {
            "trial_period_days": conf.trial_days(),
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        }
    return params


def _as_checkout(session: portal.PortalSession) -> Checkout:
    return Checkout(url=session.url, session_id=session.session_id)
