"""Takes messages to their endpoints: oldest first, tried for three days, never twice at once.

A message waits for the one before it while that one is young in its tries, so a short outage keeps the
order; later it no longer holds the others up. Schedule and rules: Standard Webhooks 1.0, "Retry schedule".
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q
from standardwebhooks import Webhook

from cutroom import clock, dispatch, outgoing
from cutroom.crash_points import crash_at
from cutroom.outgoing import Answer, OutgoingError
from tenants import audit, holding, webhooks
from tenants.context import tenant_context
from tenants.models import DeliveryState, WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 15.0
# The pause after each try that failed; 75 h 35 min in all.
PAUSES = [
    timedelta(**pause)
    for pause in (
        {"seconds": 5},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 14},
        {"hours": 20},
        {"hours": 24},
    )
]
HOLDS_UP_TRIES = 3
LONGEST_WISH = timedelta(hours=24)
GONE = 410
# While it is being delivered nobody else takes it; a worker that dies leaves it for the next.
_LEASE = timedelta(seconds=4 * ANSWER_SECONDS)
_BATCH = 50
_SHOWN_BYTES = 1_000


def deliver_due(tenant_id: UUID) -> int:
    """Send what a tenant has due; returns how many messages arrived. Any number of workers may do this."""
    if holding.is_held():
        return 0
    arrived = 0
    for _ in range(_BATCH):
        with tenant_context(tenant_id):
            delivery = _take(at=clock.now())
            parcel = _pack(delivery) if delivery else None
        if parcel is None:
            return arrived
        crash_at("webhook-taken")
        outcome = _send(parcel)
        crash_at("webhook-sent")
        with tenant_context(tenant_id):
            arrived += _write_down(parcel, outcome)
    dispatch.ring("tenants.deliver_webhooks", tenant_id=str(tenant_id))
    return arrived


def ring_for_due() -> int:
    """Ask for delivery to each tenant that has something due; returns how many. Looks as the ops role."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tenant_id FROM tenants_webhookdelivery "
            "WHERE state = 'pending' AND due_at <= clock_timestamp() LIMIT 500"
        )
        due = [row[0] for row in cursor.fetchall()]
    for tenant_id in due:
        dispatch.ring("tenants.deliver_webhooks", tenant_id=str(tenant_id))
    return len(due)


@dataclass(frozen=True, kw_only=True)
class _Parcel:
    """All that sending needs, so that no transaction is open meanwhile."""

    delivery_id: UUID
    tries: int
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What a try met: an answer, or the reason there was none."""

    answer: Answer | None
    error: str
    milliseconds: int

    @property
    def is_success(self) -> bool:
        """2xx, and nothing else: a redirect may lead anywhere."""
        return self.answer is not None and 200 <= self.answer.status < 300


def _take(*, at: datetime) -> WebhookDelivery | None:
    earlier = WebhookDelivery.objects.filter(
        endpoint=OuterRef("endpoint"), state=DeliveryState.PENDING, tries__lt=HOLDS_UP_TRIES
    ).filter(
        Q(created_at__lt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__lt=OuterRef("pk"))
    )
    due = WebhookDelivery.objects.filter(state=DeliveryState.PENDING, due_at__lte=at).exclude(Exists(earlier))
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("endpoint", "message")
    delivery = locked.order_by("created_at", "pk").first()
    if delivery is not None:
        delivery.due_at = at + _LEASE
        delivery.tries = F("tries") + 1
        delivery.save(update_fields=["due_at", "tries"])
        delivery.refresh_from_db(fields=["tries"])
    return delivery


def _pack(delivery: WebhookDelivery) -> _Parcel:
    """The request, signed now: a receiver refuses signatures older than a few minutes."""
    message, at = delivery.message, clock.now()
    body = {"type": message.type, "timestamp": message.created_at.isoformat(), "data": message.data}
    text = json.dumps(body, separators=(",", ":"))
    message_id = f"msg_{message.pk.hex}"
    signatures = [
        Webhook(secret).sign(message_id, at, text) for secret in webhooks.secrets_of(delivery.endpoint, at=at)
    ]
    return _Parcel(
        delivery_id=delivery.pk,
        tries=delivery.tries,
        url=delivery.endpoint.url,
        body=text.encode(),
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Cutroom-Webhooks/1",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        },
    )


def _send(parcel: _Parcel) -> _Outcome:
    began = time.monotonic()
    answer, error = None, ""
    try:
        answer = outgoing.post(parcel.url, body=parcel.body, headers=parcel.headers, seconds=ANSWER_SECONDS)
    except OutgoingError as failure:
        error = str(failure)
    return _Outcome(answer=answer, error=error, milliseconds=round(1000 * (time.monotonic() - began)))


def _write_down(parcel: _Parcel, outcome: _Outcome) -> bool:
    """Note the try and what follows from it. A delivery taken over by another worker is left to that one."""
    with transaction.atomic():
        mine = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint")
        delivery = mine.filter(pk=parcel.delivery_id, tries=parcel.tries).first()
        if delivery is None:
            return False
        at = clock.now()
        delivery.attempts = [*delivery.attempts, _attempt(outcome, at)][-2 * len(PAUSES) :]
        if outcome.is_success:
            delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, at
        else:
            _after_failure(delivery, outcome, at)
        delivery.save(update_fields=["attempts", "state", "delivered_at", "due_at"])
    return outcome.is_success


def _after_failure(delivery: WebhookDelivery, outcome: _Outcome, at: datetime) -> None:
    is_gone = outcome.answer is not None and outcome.answer.status == GONE
    if is_gone or delivery.tries > len(PAUSES):
        delivery.state = DeliveryState.FAILED
        reason = "It answered 410 Gone." if is_gone else "A message could not be delivered for three days."
        _disable(delivery.endpoint, reason, at)
        return
    delivery.due_at = at + max(PAUSES[delivery.tries - 1], _wish(outcome.answer))


def _disable(endpoint: WebhookEndpoint, reason: str, at: datetime) -> None:
    if endpoint.is_enabled:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=at, disabled_reason=reason)
        audit.record("webhook.disabled", target=f"webhook:{endpoint.pk}", detail={"reason": reason})
        logger.warning("webhook_disabled", extra={"webhook": str(endpoint.pk)})


def _wish(answer: Answer | None) -> timedelta:
    """How long the receiver asks us to stay away (RFC 9110 section 10.2.3), as seconds."""
    said = answer.headers.get("retry-after", "") if answer else ""
    return (
        min(timedelta(seconds=int(said)), LONGEST_WISH) if said.isdecimal() and len(said) < 9 else timedelta()
    )


def _attempt(outcome: _Outcome, at: datetime) -> dict[str, Any]:
    answer = outcome.answer
    return {
        "at": at.isoformat(),
        "status": answer.status if answer else None,
        "milliseconds": outcome.milliseconds,
        "error": outcome.error,
        "answer": answer.body[:_SHOWN_BYTES].decode("utf-8", "replace").replace("\0", "") if answer else "",
    }
