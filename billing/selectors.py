"""Reads of billing. Inside tenant_context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from djstripe.models import APIKey, Customer, PaymentMethod, Subscription

from billing import conf
from billing.models import StripeSetup, TenantSubscription
from metering import conf as metering_conf
from metering import entitlements, history
from metering.meters import Meter

_MONTHS_OF_ADVICE = 3


@dataclass(frozen=True, kw_only=True)
class Card:
    """The card a tenant pays by, as much as people recognise it by."""

    last4: str
    expires: str


def subscription(tenant_id: UUID) -> TenantSubscription:
    """The tenant's subscription; an unsaved one to the default plan, active, when it has none. One query."""
    found = TenantSubscription.objects.filter(tenant_id=tenant_id).first()
    return found or TenantSubscription(tenant_id=tenant_id, plan=metering_conf.default_plan())


def is_open() -> bool:
    """Can anything be bought here: is there a key, and has `stripe_setup` been run for it? One query."""
    accounts = APIKey.objects.filter(secret=conf.secret_key()).values("djstripe_owner_account_id")
    return bool(conf.secret_key()) and StripeSetup.objects.filter(account_id__in=accounts).exists()


def card(row: TenantSubscription) -> Card | None:
    """The card of the subscription, or else of the customer; None for none, or none mirrored yet."""
    document = (
        Subscription.objects.filter(id=row.subscription_id).values_list("stripe_data", flat=True).first()
    )
    method_id = (document or {}).get("default_payment_method")
    if not method_id:
        owners = Customer.objects.filter(id=row.customer_id)
        method_id = owners.values_list("default_payment_method_id", flat=True).first()
    method = PaymentMethod.objects.filter(id=method_id or "").values_list("stripe_data", flat=True).first()
    found: dict[str, Any] | None = (method or {}).get("card")
    if not found:
        return None
    return Card(last4=found["last4"], expires=f"{found['exp_month']:02}/{found['exp_year'] % 100:02}")


def plans_that_fit(at: datetime, *, stored: int) -> list[str]:
    """The smallest plan that each of the last three months with usage would have fitted, oldest first.

    `stored` bytes are what there is now; the past of a level is not asked for. One query.
    """
    months = sorted(history.months(at.astimezone(UTC).date()).items())[-_MONTHS_OF_ADVICE:]
    return [_smallest_plan({**used, Meter.STORAGE: stored}) for _, used in months if used]


def _smallest_plan(used: dict[Meter, int]) -> str:
    for plan in metering_conf.plans():
        granted = entitlements.of_plan(plan)
        limits = ((amount, granted.limit(meter)) for meter, amount in used.items())
        if all(limit is None or amount <= limit for amount, limit in limits):
            break
    return plan
