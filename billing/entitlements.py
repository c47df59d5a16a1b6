"""METERING_ENTITLEMENTS: what the plan that a tenant pays for grants."""

from __future__ import annotations

from uuid import UUID

from billing import conf
from billing.models import TenantSubscription
from cutroom import prepared
from metering import entitlements
from metering.entitlements import Entitlements

PLAN = """
SELECT plan, status, past_due_since FROM billing_tenantsubscription WHERE tenant_id = %(tenant_id)s
"""


def for_tenant(tenant_id: UUID) -> Entitlements:
    """The entitlements of the tenant's plan, or of the default plan when it is no longer paid. One query.

    Judged when asked: a plan ends with its grace, whether or not any job has run.
    """
    for plan, status, past_due_since in prepared.fetch_all(PLAN, {"tenant_id": tenant_id}):
        subscription = TenantSubscription(plan=plan, status=status, past_due_since=past_due_since)
        if subscription.grants_plan(conf.now()):
            return entitlements.of_plan(plan)
    return entitlements.default_plan(tenant_id)
