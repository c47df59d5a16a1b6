"""Back to the free plan at the end of the period, and taking that back."""

from __future__ import annotations

from uuid import UUID

from djstripe.models import Subscription

from billing import gateway, projection, selectors
from billing.errors import NothingToManage
from billing.models import TenantSubscription
from tenants.context import tenant_context


def cancel(*, tenant_id: UUID) -> None:
    """End the subscription when what is paid for is over. Raises NothingToManage, PaymentsUnavailable.

    Call outside any transaction, as `keep`.
    """
    row = _alive(tenant_id)
    with gateway.asking("subscriptions.cancel"):
        _release_schedule(row)
        gateway.client().v1.subscriptions.update(row.subscription_id, {"cancel_at_period_end": True})
    projection.refresh(tenant_id=tenant_id, customer_id=row.customer_id)


def keep(*, tenant_id: UUID) -> None:
    """Take back a planned end or change: the subscription goes on as it is. Raises as `cancel`."""
    row = _alive(tenant_id)
    with gateway.asking("subscriptions.keep"):
        _release_schedule(row)
        gateway.client().v1.subscriptions.update(row.subscription_id, {"cancel_at_period_end": False})
    projection.refresh(tenant_id=tenant_id, customer_id=row.customer_id)


def _alive(tenant_id: UUID) -> TenantSubscription:
    with tenant_context(tenant_id):
        row = selectors.subscription(tenant_id)
    if not row.is_alive:
        raise NothingToManage()
    return row


def _release_schedule(row: TenantSubscription) -> None:
    """Stripe does not change a subscription that a schedule holds."""
    document = (
        Subscription.objects.filter(id=row.subscription_id).values_list("stripe_data", flat=True).first()
    )
    if document and document.get("schedule"):
        gateway.client().v1.subscription_schedules.release(document["schedule"])
