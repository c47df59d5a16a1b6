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
from metering.entitlements import Entitlements, Premise

# What decides, and all of it as one text, to be compared with.
FACTS = "plan, status, past_due_since, granted_plan, granted_until"
FACTS_AS_TEXT = "".join(["row(", FACTS, ")::text"])
OF_TENANT = " FROM billing_tenantsubscription WHERE tenant_id = %(tenant_id)s"
PLAN = "".join(["SELECT ", FACTS, ", ", FACTS_AS_TEXT, OF_TENANT])
IS_UNCHANGED = "".join(["(SELECT ", FACTS_AS_TEXT, OF_TENANT, ") IS NOT DISTINCT FROM %(plan)s::text"])
MOST_REMEMBERED = 10_000

logger = logging.getLogger(__name__)


@dataclass
class _Facts(PlanRules):
    """What PLAN reads: a model with its fields takes longer to build than the query."""

    plan: str
    status: str
    past_due_since: datetime | None
    granted_plan: str
    granted_until: datetime | None
    text: str


class _PlanOfTenant:
    """The provider. It remembers what it read, never what it made of that: a grace ends by itself."""

    def __init__(self) -> None:
        self._last: dict[UUID, _Facts | None] = {}

    def __call__(self, tenant_id: UUID) -> Entitlements:
        """The entitlements of the tenant's plan: the larger of what it pays for and what an operator gave it.

        Judged when asked: a plan ends with its grace, whether or not any job has run. A plan that
        METERING_PLANS no longer has grants the default one, and the log is told. One query.
        """
        rows = prepared.fetch_all(PLAN, {"tenant_id": tenant_id})
        facts = _Facts(*rows[0]) if rows else None
        if len(self._last) >= MOST_REMEMBERED:
            self._last.clear()
        self._last[tenant_id] = facts
        return _granted(tenant_id, facts)

    def remembered(self, tenant_id: UUID) -> tuple[Entitlements, Premise] | None:
        """What the facts of the last answer grant now. See metering.entitlements.attempts."""
        try:
            facts = self._last[tenant_id]
        except KeyError:
            return None
        premise = Premise(condition=IS_UNCHANGED, values={"plan": facts.text if facts else None})
        return _granted(tenant_id, facts), premise


for_tenant = _PlanOfTenant()


def _granted(tenant_id: UUID, facts: PlanRules | None) -> Entitlements:
    if facts is not None and (plan := _largest(facts)) is not None:
        return entitlements.of_plan(plan)
    return entitlements.default_plan(tenant_id)


def _largest(subscription: PlanRules) -> str | None:
    at, order = conf.now(), list(metering_conf.plans())
    paid = subscription.plan if subscription.grants_plan(at) else None
    plans = [plan for plan in (paid, subscription.gift(at)) if plan in order]
    if paid and paid not in order:
        logger.error("plan_without_limits", extra={"plan": paid})
    return max(plans, key=order.index, default=None)
