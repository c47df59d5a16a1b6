"""Celery's edge of the tenants app."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from cutroom import clock
from tenants import audit_seals, retention, webhook_delivery


@shared_task(name="tenants.purge_answers")
def purge_answers(**_: Any) -> int:
    """Forget the answers kept for Idempotency-Key that are too old to be asked for."""
    return retention.purge(at=clock.now())


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
