"""Keeps TenantSubscription true: read from dj-stripe's mirror, one customer at a time.

Stripe sends its news in any order, doubled and at the same time, and its objects carry no version. So what
is read must be written before anybody reads again. One advisory lock a customer holds that, in webhooks too.
It is why Stripe is asked inside a transaction here and nowhere else; no row is locked meanwhile (docs/adr).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import connection
from djstripe.models import Invoice, Price, Subscription, SubscriptionSchedule

from billing import conf, facts, mirror
from billing.facts import Document, Standing
from billing.models import CheckoutAttempt, SubscriptionStatus, TenantSubscription
from cutroom import dispatch
from metering import conf as metering_conf
from metering import snapshot
from tenants import audit, webhooks
from tenants.context import tenant_context

LOCK_TIMEOUT = "15s"


def refresh(*, tenant_id: UUID, customer_id: str) -> bool:
    """Ask Stripe what the customer has and make the projection so; tells whether it was wrong.

    Raises PaymentsUnavailable, and then nothing has changed.
    """
    with tenant_context(tenant_id):
        lock(customer_id)
        mirror.fetch(customer_id)
        return recompute(tenant_id=tenant_id, customer_id=customer_id)


def lock(customer_id: str) -> None:
    """Be the only one who works on this customer until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"billing:{customer_id}"])


def recompute(*, tenant_id: UUID, customer_id: str) -> bool:
    """Write what the mirror says about the customer; tells whether that was news. Inside lock and tenant."""
    row = TenantSubscription.objects.filter(tenant_id=tenant_id).first() or TenantSubscription()
    before = _standing_of(row) if row.pk else _nothing()
    after = _standing(customer_id, row)
    if after.is_alive:
        CheckoutAttempt.objects.filter(closed_at=None).update(closed_at=conf.now())
    if after == before and row.customer_id == customer_id:
        return False
    for name, value in asdict(after).items():
        setattr(row, name, value)
    row.tenant_id, row.customer_id, row.next_amount = tenant_id, customer_id, None
    row.save()
    snapshot.forget_after_commit(tenant_id)
    if after != before:
        _announce(tenant_id, after)
    return after != before


def _standing(customer_id: str, row: TenantSubscription) -> Standing:
    documents = Subscription.objects.filter(customer_id=customer_id).values_list("stripe_data", flat=True)
    subscription = facts.foremost(list(documents))
    if subscription is None:
        return _nothing()
    return facts.read(
        subscription, next_price=_next_price(subscription), failing_since=_failing_since(subscription, row)
    )


def _nothing() -> Standing:
    return Standing(
        plan=metering_conf.default_plan(),
        status=SubscriptionStatus.ACTIVE,
        subscription_id="",
        started_at=None,
        trial_end=None,
        current_period_end=None,
        changes_at=None,
        next_plan="",
        currency="",
        past_due_since=None,
    )


def _standing_of(row: TenantSubscription) -> Standing:
    names = Standing.__dataclass_fields__
    values = {name: getattr(row, name) for name in names}
    return Standing(**{**values, "status": SubscriptionStatus(row.status)})


def _next_price(subscription: Document) -> Document | None:
    """What the schedule of a subscription turns to after this phase, if it is mirrored already."""
    schedule = SubscriptionSchedule.objects.filter(id=subscription.get("schedule") or "").first()
    if schedule is None:
        return None
    document = schedule.stripe_data
    current = (document.get("current_phase") or {}).get("start_date")
    later = [phase for phase in document["phases"] if current and phase["start_date"] > current]
    if not later:
        return None
    price: Document | None = (
        Price.objects.filter(id=later[0]["items"][0]["price"]).values_list("stripe_data", flat=True).first()
    )
    return price


def _failing_since(subscription: Document, row: TenantSubscription) -> datetime | None:
    """When the open invoice was issued; until it is mirrored, when we first heard of the failure."""
    if subscription["status"] != SubscriptionStatus.PAST_DUE:
        return None
    invoice = Invoice.objects.filter(id=mirror.id_of(subscription.get("latest_invoice"))).first()
    if invoice is not None and invoice.stripe_data["status"] == "open":
        return facts.moment(invoice.stripe_data["status_transitions"]["finalized_at"])
    is_known = row.subscription_id == subscription["id"] and row.past_due_since is not None
    return row.past_due_since if is_known else conf.now()


def _announce(tenant_id: UUID, after: Standing) -> None:
    detail = {"plan": after.plan, "status": after.status.value, "next_plan": after.next_plan}
    audit.record("subscription.changed", target=f"subscription:{after.subscription_id}", detail=detail)
    webhooks.announce(
        "subscription.updated", {**detail, "url": f"{conf.site_url()}/api/billing/subscription"}
    )
    dispatch.after_commit("billing.follow_up", tenant_id=str(tenant_id))
