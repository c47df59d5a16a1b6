"""Every night: does our projection say what Stripe says? What differs is corrected and counted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from djstripe.models import Customer

from billing import customers, gateway, projection
from billing.errors import PaymentsUnavailable
from billing.models import Reconciliation, TenantSubscription
from tenants.context import tenant_context

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How many customers were compared, whose projection was wrong, and whom Stripe did not answer about."""

    checked: int
    drifted: list[str]
    unanswered: list[str]


def run(*, at: datetime, is_dry_run: bool = False) -> Outcome:
    """Compare every customer, and correct it unless this is a dry run. Raises PaymentsUnavailable.

    One list of all subscriptions finds who may differ; only those are read again, under their lock.
    """
    known = dict(_customers())
    suspects = _suspects(known)
    drifted, unanswered = [], []
    for customer_id in suspects:
        try:
            if is_dry_run or projection.refresh(tenant_id=known[customer_id], customer_id=customer_id):
                drifted.append(customer_id)
        except PaymentsUnavailable:
            unanswered.append(customer_id)
    if not is_dry_run:
        Reconciliation.objects.create(at=at, checked=len(known), drifted=len(drifted))
    if drifted and not is_dry_run:
        logger.warning("billing_drift", extra={"drifted": len(drifted), "checked": len(known)})
    return Outcome(checked=len(known), drifted=drifted, unanswered=unanswered)


def _customers() -> Iterator[tuple[str, UUID]]:
    """The customers of our account that stand for a tenant."""
    account_id = customers.setup().account_id
    ours = Customer.objects.filter(djstripe_owner_account_id=account_id, date_purged=None)
    rows: Any = ours.exclude(subscriber_id=None).order_by("djstripe_id").values_list("id", "subscriber_id")
    yield from rows.iterator()


def _suspects(known: dict[str, UUID]) -> list[str]:
    """Customers for whom Stripe's list and our projection differ in what both can tell."""
    theirs = {customer_id: _nothing() for customer_id in known}
    with gateway.asking("subscriptions.list"):
        for subscription in gateway.client().v1.subscriptions.list({"limit": 100}).auto_paging_iter():
            customer_id = str(subscription.customer)
            if customer_id in known:
                theirs[customer_id].add(_fingerprint(subscription.to_dict()))
    return [each for each in known if theirs[each] != _ours(known[each])]


def _nothing() -> set[tuple[Any, ...]]:
    return set()


def _fingerprint(subscription: Any) -> tuple[Any, ...]:
    item = subscription["items"]["data"][0]
    return (
        subscription["id"],
        subscription["status"],
        item["price"]["id"],
        bool(subscription["cancel_at"]),
        item["current_period_end"],
    )


def _ours(tenant_id: UUID) -> set[tuple[Any, ...]]:
    with tenant_context(tenant_id):
        row = TenantSubscription.objects.first()
    if row is None or not row.is_alive or row.current_period_end is None:
        return set()
    return {
        (
            row.subscription_id,
            row.status,
            customers.price_id(row.plan),
            row.changes_at is not None,
            int(row.current_period_end.timestamp()),
        )
    }
