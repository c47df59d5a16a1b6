"""METERING_ENTITLEMENTS: what the plan that a tenant pays for grants."""

from __future__ import annotations

from uuid import UUID

from billing import conf, selectors
from metering import entitlements
from metering.entitlements import Entitlements


def for_tenant(tenant_id: UUID) -> Entitlements:
    """The entitlements of the tenant's plan, or of the default plan when it is no longer paid. One query.

    Judged when asked: a plan ends with its grace, whether or not any job has run.
    """
    subscription = selectors.subscription(tenant_id)
    if subscription.grants_plan(conf.now()):
        return entitlements.of_plan(subscription.plan)
    return entitlements.default_plan(tenant_id)
