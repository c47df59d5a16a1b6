"""METERING_ENTITLEMENTS: what the plan of a tenant grants."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing import conf
from billing.models import PlanRules
from cutroom import prepared
from metering import conf as metering_conf
from metering import entitlements
from metering.entitlements import Entitlements

PLAN = """
SELECT plan, status, past_due_since, granted_plan, granted_until
FROM billing_tenantsubscription WHERE tenant_id = %(tenant_id)s
"""

logger = logging.getLogger(__name__)


def for_tenant(tenant_id: UUID) -> Entitlements:
    """The entitlements of the tenant's plan: the larger of what it pays for and what an operator gave it.

    Judged when asked: a plan ends with its grace, whether or not any job has run. A plan that METERING_PLANS
    no longer has grants the default one, and the log is told. One query.
    """
    for row in prepared.fetch_all(PLAN, {"tenant_id": tenant_id}):
        if (granted := _largest(_Facts(*row))) is not None:
            return entitlements.of_plan(granted)
    return entitlements.default_plan(tenant_id)


@dataclass
class _Facts(PlanRules):
    """What PLAN reads: a model with its fields takes longer to build than the query."""

    plan: str
    status: str
    past_due_since: datetime | None
    granted_plan: str
    granted_until: datetime | None


def _largest(subscription: PlanRules) -> str | None:
    at, order = conf.now(), list(metering_conf.plans())
    paid = subscription.plan if subscription.grants_plan(at) else None
    plans = [plan for plan in (paid, subscription.gift(at)) if plan in order]
    if paid and paid not in order:
        logger.error("plan_without_limits", extra={"plan": paid})
    return max(plans, key=order.index, default=None)
