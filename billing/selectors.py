"""Reads of billing. Inside tenant_context."""

from __future__ import annotations

from uuid import UUID

from billing.models import TenantSubscription
from metering import conf as metering_conf


def subscription(tenant_id: UUID) -> TenantSubscription:
    """The tenant's subscription; an unsaved one to the default plan, active, when it has none. One query."""
    found = TenantSubscription.objects.filter(tenant_id=tenant_id).first()
    return found or TenantSubscription(tenant_id=tenant_id, plan=metering_conf.default_plan())
