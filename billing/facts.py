"""What a subscription of Stripe means to us. Pure: documents in, a standing out.

dj-stripe's own readings (is_valid and its kin) look where Stripe kept the period before 2025 and fail.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing import conf
from billing.models import SubscriptionStatus
from metering import conf as metering_conf

Document = Mapping[str, Any]

LOOKUP_KEY = "cutroom_{plan}_month"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a tenant pays for, whatever order the news came in. Times are aware; the plan is one of ours."""

    plan: str
    status: SubscriptionStatus
    subscription_id: str
    started_at: datetime | None
    trial_end: datetime | None
    current_period_end: datetime | None
    changes_at: datetime | None
    next_plan: str
    currency: str
    past_due_since: datetime | None

    @property
    def is_alive(self) -> bool:
        """Is there a subscription that goes on?"""
        return bool(self.subscription_id) and self.status.is_alive


def read(subscription: Document, *, next_price: Document | None, failing_since: datetime | None) -> Standing:
    """The standing that one subscription gives.

    `next_price` is what its schedule turns to, `failing_since` when the payment that is due began to fail.
    """
    status = SubscriptionStatus(subscription["status"])
    period_end = _period_end(subscription)
    next_plan, changes_at = "", None
    if not status.is_alive:
        period_end = None
    elif subscription.get("cancel_at"):
        next_plan, changes_at = metering_conf.default_plan(), moment(subscription["cancel_at"])
    elif next_price is not None:
        next_plan, changes_at = plan_of(next_price), period_end
    return Standing(
        plan=plan_of(_item(subscription)["price"]),
        status=status,
        subscription_id=subscription["id"],
        started_at=moment(subscription.get("start_date")),
        trial_end=moment(subscription.get("trial_end")),
        current_period_end=period_end,
        changes_at=changes_at,
        next_plan=next_plan,
        currency=subscription.get("currency") or conf.currency(),
        past_due_since=failing_since if status == SubscriptionStatus.PAST_DUE else None,
    )


def foremost(subscriptions: Sequence[Document]) -> Document | None:
    """Which of a customer's subscriptions counts: a living one, the larger plan, the newer; in that order.

    There should be one. Two that live are told to the log, because somebody pays twice.
    """
    alive = [each for each in subscriptions if SubscriptionStatus(each["status"]).is_alive]
    if len(alive) > 1:
        logger.error("two_subscriptions", extra={"subscriptions": [each["id"] for each in alive]})
    return max(subscriptions, key=_weight, default=None)


def plan_of(price: Document) -> str:
    """The plan that a price sells; the default plan for a price that is not ours, which the log is told."""
    named = (price.get("metadata") or {}).get("plan")
    for plan in metering_conf.plans():
        if plan == named or price.get("lookup_key") == LOOKUP_KEY.format(plan=plan):
            return plan
    logger.error("unknown_price", extra={"price": price.get("id")})
    return metering_conf.default_plan()


def moment(seconds: int | None) -> datetime | None:
    """Stripe's seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _weight(subscription: Document) -> tuple[bool, int, int, str]:
    plans = list(metering_conf.plans())
    is_alive = SubscriptionStatus(subscription["status"]).is_alive
    rank = plans.index(plan_of(_item(subscription)["price"]))
    return is_alive, rank if is_alive else 0, subscription["created"], subscription["id"]


def _item(subscription: Document) -> Document:
    item: Document = subscription["items"]["data"][0]
    return item


def _period_end(subscription: Document) -> datetime | None:
    # It moved from the subscription to its items in API version 2025-03-31.basil.
    return moment(_item(subscription).get("current_period_end") or subscription.get("current_period_end"))
