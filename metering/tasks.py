"""Background work of the metering app."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task

from cutroom import clock, dispatch
from metering import metrics, notices, recount, segments, selectors, services, site_days
from tenants.context import tenant_context
from tenants.models import Tenant

COUNT_AGAIN_AFTER = 2 * recount.APART


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


@shared_task(name="metering.announce")
def announce(**_: Any) -> int:
    """Announce the notices that are due. How many."""
    at = clock.now()
    return sum(notices.announce_due(tenant_id, at) for tenant_id in notices.tenants_with_due(at))


@shared_task(name="metering.roll_up")
def roll_up(**_: Any) -> int:
    """Sum the days of all tenants for the operator. How many rows."""
    return site_days.roll_up()


@shared_task(name="metering.nightly")
def nightly(**_: Any) -> int:
    """Ask for the nightly work of every tenant: counting its store and sealing its finished months."""
    asked = [str(tenant_id) for tenant_id in Tenant.objects.using("ops").values_list("pk", flat=True)]
    return sum(dispatch.ring("metering.nightly_of", tenant_id=tenant_id) for tenant_id in asked)


@shared_task(name="metering.nightly_of")
def nightly_of(tenant_id: str, **_: Any) -> None:
    """Count the store of one tenant, once more in a while if it differs, and seal its finished months."""
    at, tenant = clock.now(), UUID(tenant_id)
    segments.seal_finished_months(tenant, at)
    if recount.recount(tenant, at) is recount.Outcome.SUSPECT:
        dispatch.ring(
            "metering.recount_of", countdown=COUNT_AGAIN_AFTER / timedelta(seconds=1), tenant_id=tenant_id
        )


@shared_task(name="metering.recount_of")
def recount_of(tenant_id: str, **_: Any) -> None:
    """Count the store of one tenant, to confirm a difference."""
    recount.recount(UUID(tenant_id), clock.now())
