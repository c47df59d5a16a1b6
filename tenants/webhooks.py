"""Telling a tenant's own programs what happened. Format and signature: Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from cutroom import clock, dispatch, outgoing, sealing
from cutroom.errors import InvalidInput
from tenants import audit, conf
from tenants.context import current_tenant_id
from tenants.errors import TooManyEndpoints
from tenants.models import DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookMessage

MOST_ENDPOINTS = 20
SECRET_BYTES = 32
BOTH_SECRETS_FOR = timedelta(hours=24)
TEST = "ping"


def announce(event_type: str, data: dict[str, Any], *, at: datetime | None = None) -> WebhookMessage:
    """Tell the endpoints of the tenant in context that something happened. Part of the caller's transaction.

    `data` is thin: ids, a state, a URL to fetch; no personal data. Delivery begins after the commit.
    """
    message = WebhookMessage.objects.create(type=event_type, data=data, created_at=at or clock.now())
    enabled = WebhookEndpoint.objects.filter(disabled_at=None)
    _send(message, [one for one in enabled if not one.event_types or event_type in one.event_types])
    return message


def create_endpoint(
    *, url: str, event_types: Sequence[str], description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its signing secret, shown this once. No `event_types` means all of them.

    Raises InvalidInput for an address that cannot be used or an unknown type, TooManyEndpoints.
    """
    if WebhookEndpoint.objects.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    secret = _new_secret()
    endpoint = WebhookEndpoint.objects.create(
        url=outgoing.check_url(url),
        event_types=_known(event_types),
        description=description,
        secret_sealed=_seal(secret),
    )
    audit.record("webhook.created", target=f"webhook:{endpoint.pk}")
    return endpoint, secret


def change_endpoint(endpoint: WebhookEndpoint, **changes: Any) -> WebhookEndpoint:
    """Change `url`, `event_types`, `description` or `is_enabled`; returns the endpoint.

    Enabling forgets why it was disabled. Raises InvalidInput as `create_endpoint` does.
    """
    if "url" in changes:
        endpoint.url = outgoing.check_url(changes["url"])
    if "event_types" in changes:
        endpoint.event_types = _known(changes["event_types"])
    endpoint.description = changes.get("description", endpoint.description)
    is_enabled = changes.get("is_enabled", endpoint.is_enabled)
    if is_enabled:
        endpoint.disabled_at, endpoint.disabled_reason = None, ""
    elif endpoint.is_enabled:
        endpoint.disabled_at, endpoint.disabled_reason = clock.now(), "Switched off by you."
    endpoint.save()
    audit.record("webhook.changed", target=f"webhook:{endpoint.pk}", detail={"fields": sorted(changes)})
    return endpoint


def delete_endpoint(endpoint: WebhookEndpoint) -> None:
    """Remove an endpoint and its delivery log; what is on its way is not sent any more."""
    audit.record("webhook.deleted", target=f"webhook:{endpoint.pk}")
    endpoint.delete()


def rotate_secret(endpoint: WebhookEndpoint) -> str:
    """A new signing secret, shown this once. For 24 hours messages carry a signature by each of both."""
    secret = _new_secret()
    endpoint.previous_secret_sealed = endpoint.secret_sealed
    endpoint.previous_secret_until = clock.now() + BOTH_SECRETS_FOR
    endpoint.secret_sealed = _seal(secret)
    endpoint.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_secret_until"])
    audit.record("webhook.secret-rotated", target=f"webhook:{endpoint.pk}")
    return secret


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a `ping` to this endpoint alone, also to one that is switched off."""
    message = WebhookMessage.objects.create(
        type=TEST, data={"endpoint": str(endpoint.pk)}, created_at=clock.now()
    )
    return _send(message, [endpoint])[0]


def replay(delivery: WebhookDelivery) -> WebhookDelivery:
    """Send a message again from the first try, whatever became of it. The receiver sees the same id."""
    return _again([delivery])[0]


def replay_failed(endpoint: WebhookEndpoint, *, since: datetime) -> int:
    """Send everything again that failed for good since a moment; returns how many messages."""
    failed = WebhookDelivery.objects.filter(
        endpoint=endpoint, state=DeliveryState.FAILED, created_at__gte=since
    )
    return len(_again(list(failed)))


def is_untried(delivery: WebhookDelivery) -> bool:
    """Does it wait for its first try, so that sending it again would change nothing?"""
    return delivery.state == DeliveryState.PENDING and delivery.tries == 0


def secrets_of(endpoint: WebhookEndpoint, *, at: datetime) -> list[str]:
    """The secrets that sign a message now, the present one first."""
    sealed = [endpoint.secret_sealed]
    if endpoint.previous_secret_until and endpoint.previous_secret_until > at:
        sealed.append(endpoint.previous_secret_sealed)
    return [sealing.unseal(one, key=settings.SECRET_KEY) for one in sealed]


def _send(message: WebhookMessage, endpoints: list[WebhookEndpoint]) -> list[WebhookDelivery]:
    deliveries = [
        WebhookDelivery(
            tenant_id=message.tenant_id,
            endpoint=endpoint,
            message=message,
            due_at=message.created_at,
            created_at=message.created_at,
        )
        for endpoint in endpoints
    ]
    if deliveries:
        WebhookDelivery.objects.bulk_create(deliveries)
        _ring()
    return deliveries


def _again(deliveries: list[WebhookDelivery]) -> list[WebhookDelivery]:
    for delivery in deliveries:
        delivery.state, delivery.tries, delivery.due_at = DeliveryState.PENDING, 0, clock.now()
        delivery.delivered_at = None
    WebhookDelivery.objects.bulk_update(deliveries, ["state", "tries", "due_at", "delivered_at"])
    if deliveries:
        _ring()
    return deliveries


def _ring() -> None:
    dispatch.after_commit("tenants.deliver_webhooks", tenant_id=str(current_tenant_id()))


def _known(event_types: Sequence[str]) -> list[str]:
    unknown = sorted(set(event_types) - set(conf.webhook_events()))
    if unknown:
        detail = f"There is no event {unknown[0]}. There are: {', '.join(conf.webhook_events())}."
        raise InvalidInput(errors=[{"field": "event_types", "code": "unknown", "detail": detail}])
    return sorted(set(event_types))


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def _seal(secret: str) -> bytes:
    return sealing.seal(secret, key=settings.SECRET_KEY)
