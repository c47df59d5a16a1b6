"""What the next invoice will ask, as Stripe computes it, noted for the page."""

from __future__ import annotations

from uuid import UUID

import stripe

from billing import gateway, selectors
from billing.models import TenantSubscription
from tenants.context import tenant_context


def note_next_amount(*, tenant_id: UUID) -> None:
    """Ask Stripe for the next invoice of the tenant and note its amount; none without a next invoice.

    Raises PaymentsUnavailable. Call outside any transaction.
    """
    with tenant_context(tenant_id):
        row = selectors.subscription(tenant_id)
    if not row.is_alive:
        return
    amount: int | None
    with gateway.asking("invoices.preview"):
        try:
            preview = gateway.client().v1.invoices.create_preview({"subscription": row.subscription_id})
            amount = preview.amount_due
        except stripe.InvalidRequestError as error:
            if error.code != "invoice_upcoming_none":
                raise
            amount = None
    with tenant_context(tenant_id):
        # What changed meanwhile is asked for again by its own task.
        same = TenantSubscription.objects.filter(pk=row.pk, updated_at=row.updated_at)
        same.update(next_amount=amount)
