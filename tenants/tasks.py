"""Celery's edge of the tenants app."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from tenants import audit_seals, webhook_delivery


@shared_task(name="tenants.deliver_webhooks")
def deliver_webhooks(tenant_id: str = "", **_: Any) -> int:
    """Send the webhook messages a tenant has due; without a tenant, ask for that of every tenant."""
    if tenant_id:
        return webhook_delivery.deliver_due(UUID(tenant_id))
    return webhook_delivery.ring_for_due()


@shared_task(name="tenants.seal_audit")
def seal_audit(**_: Any) -> int:
    """Sign what was recorded since the last checkpoint and store it outside the database."""
    return audit_seals.seal_all()
