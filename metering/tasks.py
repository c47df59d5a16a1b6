"""Background work of the metering app."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from cutroom import clock
from metering import metrics, selectors, services
from tenants.context import tenant_context


@shared_task(name="metering.release_expired")
def release_expired(**_: Any) -> int:
    """Release reservations whose lease ended, tenant by tenant. How many meters were given back."""
    at = clock.now()
    released = 0
    for tenant_id in selectors.tenants_with_lapsed_leases(at):
        with tenant_context(tenant_id):
            released += services.release_expired(tenant_id=tenant_id, at=at)
    return released


@shared_task(name="metering.reconcile")
def reconcile(**_: Any) -> int:
    """Compare counters and ledger for the metrics. How many balances differ."""
    return metrics.reconcile()
