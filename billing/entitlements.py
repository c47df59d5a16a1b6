"""METERING_ENTITLEMENTS: what the plan that a tenant pays for grants."""

from __future__ import annotations

from uuid import UUID

from billing import selectors
from billing.models import SubscriptionStatus
from metering import entitlements
from metering.entitlements import Entitlements


def for_tenant(tenant_id: UUID) -> Entitlements:
    """The entitlements of the tenant's plan, or of the default plan when it is no longer paid. One query."""
    subscription = selectors.subscription(tenant_id)
    if SubscriptionStatus(subscription.status).grants_plan:
        return entitlements.of_plan(subscription.plan)
    return entitlements.default_plan(tenant_id)
