"""Every night: does our projection say what Stripe says? Every hour: did all events come? Both are mended."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from djstripe.models import Customer

from billing import conf, customers, gaps, gateway, projection
from billing.errors import PaymentsUnavailable
from billing.gaps import Missing
from billing.models import Reconciliation, TenantSubscription
from tenants.context import tenant_context

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How many customers were compared, whose projection was wrong, whom Stripe did not answer about, and
    which events never came."""

    checked: int
    drifted: list[str]
    unanswered: list[str]
    missing: list[str]


def run(*, at: datetime, is_dry_run: bool = False) -> Outcome:
    """Compare every customer, and correct it unless this is a dry run. Raises PaymentsUnavailable.

    One list of all subscriptions finds who may differ; only those are read again, under their lock, and those
    whom a lost event was about.
    """
    known = dict(_customers())
    until = conf.now() - gaps.PATIENCE
    newest = _newest()
    since = newest.events_until if newest else None
    missing = gaps.find(since=since, until=until, customers=known)
    suspects = _suspects(known)
    told_of_in_vain = _of_ours(missing, known) - set(suspects)
    drifted, unanswered = suspects, list[str]()
    if not is_dry_run:
        drifted, unanswered = _refresh([*suspects, *sorted(told_of_in_vain)], known)
        Reconciliation.objects.create(
            at=at, checked=len(known), drifted=len(drifted), missing=len(missing), events_until=until
        )
        _report(drifted, missing, checked=len(known))
    return Outcome(
        checked=len(known),
        drifted=drifted,
        unanswered=unanswered,
        missing=[each.event_id for each in missing],
    )


def look_for_gaps() -> list[Missing]:
    """The events that never came since the last look; whom they are about is read again.

    What is found is added to the newest comparison, so that it is told with that. Before the first one there
    is nothing to do. Raises PaymentsUnavailable.
    """
    newest = _newest()
    if newest is None:
        return []
    known = dict(_customers())
    until = conf.now() - gaps.PATIENCE
    missing = gaps.find(since=newest.events_until, until=until, customers=known)
    drifted, _ = _refresh(sorted(_of_ours(missing, known)), known)
    Reconciliation.objects.filter(pk=newest.pk).update(
        drifted=F("drifted") + len(drifted), missing=F("missing") + len(missing), events_until=until
    )
    _report(drifted, missing, checked=len(known))
    return missing


def _of_ours(missing: list[Missing], known: dict[str, UUID]) -> set[str]:
    """The customers of ours whom these events are about."""
    return {each.customer_id for each in missing} & known.keys()


def _refresh(wanted: list[str], known: dict[str, UUID]) -> tuple[list[str], list[str]]:
    """Read these customers again: whose projection was wrong, and whom Stripe did not answer about."""
    drifted, unanswered = [], []
    for customer_id in wanted:
        try:
            if projection.refresh(tenant_id=known[customer_id], customer_id=customer_id):
                drifted.append(customer_id)
        except PaymentsUnavailable:
            unanswered.append(customer_id)
    return drifted, unanswered


def _report(drifted: list[str], missing: list[Missing], *, checked: int) -> None:
    if drifted:
        logger.warning("billing_drift", extra={"drifted": len(drifted), "checked": checked})
    for each in missing:
        logger.warning("stripe_event_missing", extra={"stripe_event": each.event_id, "type": each.kind})


def _newest() -> Reconciliation | None:
    """The last comparison that looked for events; `events_until` is how far."""
    return Reconciliation.objects.exclude(events_until=None).order_by("-at").first()


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
