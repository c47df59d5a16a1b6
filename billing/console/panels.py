"""What the page and the list of tenants show of plans and payments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from billing import conf, selectors
from billing.console.facts import amount
from billing.entitlements import for_tenant
from billing.models import SubscriptionStatus, TenantSubscription
from cutroom.console.board import Sheet
from metering import conf as metering_conf
from tenants.console import panels
from tenants.console.panels import column, panel
from tenants.models import Tenant


def _of_status(*statuses: SubscriptionStatus) -> Any:
    rows = TenantSubscription.everywhere.using("ops").exclude(subscription_id="")
    return rows.filter(status__in=statuses).values("tenant_id")


@panels.view("paying", "Paying", order=10)
def paying() -> Any:
    """Tenants with a paid subscription that goes on."""
    return _of_status(SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


@panels.view("trialing", "Trials", order=20)
def trialing() -> Any:
    """Tenants that try a plan."""
    return _of_status(SubscriptionStatus.TRIALING)


@panels.view("past_due", "Past due", order=30)
def past_due() -> Any:
    """Tenants whose payment fails."""
    return _of_status(SubscriptionStatus.PAST_DUE)


@panels.view("given", "Given a plan", order=40)
def given() -> Any:
    """Tenants with a plan by agreement."""
    return TenantSubscription.everywhere.using("ops").exclude(granted_plan="").values("tenant_id")


@column("Plan", order=10)
def plans(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The plan in force, and what is odd about it."""
    rows = TenantSubscription.everywhere.using("ops").filter(tenant_id__in=ids)
    default = metering_conf.default_plan().capitalize()
    return {**dict.fromkeys(ids, default), **{row.tenant_id: _word(row) for row in rows}}


@panel("plan", order=10)
def plan(tenant: Tenant, at: datetime) -> Sheet:
    """Plan, status, price, dates, and the way to Stripe."""
    row = selectors.subscription(tenant.pk)
    price = conf.prices().get(row.plan)
    context = {
        "tenant": tenant,
        "row": row,
        "plan": for_tenant(tenant.pk).plan.capitalize(),
        "gift": row.gift(at).capitalize(),
        "price": amount(price) if row.is_alive and price is not None else "",
        "stripe_url": _stripe_url(row),
        "has_stripe": bool(row.customer_id),
    }
    return Sheet(template="billing/console/_plan.html", context=context)


def _word(row: TenantSubscription) -> str:
    at = conf.now()
    paid = row.plan if row.grants_plan(at) else metering_conf.default_plan()
    gift = row.gift(at)
    order = list(metering_conf.plans())
    word = max([paid, *([gift] if gift in order else [])], key=order.index).capitalize()
    if row.status in (SubscriptionStatus.PAST_DUE, SubscriptionStatus.TRIALING):
        return f"{word}, {row.get_status_display()}"
    return f"{word}, given" if word.lower() == gift else word


def _stripe_url(row: TenantSubscription) -> str:
    """https://docs.stripe.com/dashboard/basics; the stand-in has no dashboard."""
    if not row.customer_id or conf.is_stand_in():
        return ""
    return f"https://dashboard.stripe.com/{'' if conf.is_live() else 'test/'}customers/{row.customer_id}"
