"""Reading the rows of the tenants app."""

from __future__ import annotations

from uuid import UUID

from cutroom.errors import NotFound
from tenants.models import WebhookDelivery, WebhookEndpoint


def webhook_endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    """An endpoint of the tenant in context. Raises NotFound."""
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound
    return endpoint


def webhook_delivery(endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """A delivery to an endpoint of the tenant in context. Raises NotFound."""
    rows = WebhookDelivery.objects.select_related("message", "endpoint")
    delivery = rows.filter(pk=delivery_id, endpoint_id=endpoint_id).first()
    if delivery is None:
        raise NotFound
    return delivery


def webhook_endpoints() -> list[WebhookEndpoint]:
    """All endpoints of the tenant in context, newest first."""
    return list(WebhookEndpoint.objects.order_by("-created_at", "-id"))
