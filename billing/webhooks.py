"""POST /api/billing/webhook/<uuid>: dj-stripe's receiver behind a door of our own.

dj-stripe stores every body before it looks at the signature. Here nobody who cannot sign gets that far.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from traceback import format_exc
from typing import Any
from uuid import UUID

import stripe
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from djstripe.models import WebhookEndpoint, WebhookEventTrigger
from djstripe.models.webhooks import get_remote_ip
from djstripe.views import ProcessWebhookView

from billing import customers, metrics, projection
from billing.errors import WebhookFailed, WebhookRefused
from cutroom.errors import NotFound, Unavailable
from cutroom.problems import problem_response
from tenants import holding
from tenants.context import tenant_context

LARGEST_BYTES = 512 * 1024

logger = logging.getLogger(__name__)
_receiver = ProcessWebhookView.as_view()


@csrf_exempt
@require_POST
def receive(request: HttpRequest, endpoint: UUID) -> HttpResponse:
    """200 for an event that is processed or known, 400 for one that is not signed, 500 to get it again.

    503 while a restored copy is on hold: Stripe sends each event again for three days.
    """
    row = WebhookEndpoint.objects.filter(djstripe_uuid=endpoint).first()
    if row is None:
        return problem_response(request, NotFound())
    try:
        # A restored copy must not act on events of the installation it was copied from.
        holding.refuse_while_held()
    except Unavailable as refusal:
        return problem_response(request, refusal)
    try:
        event = _verified(request, row)
    except WebhookRefused as refusal:
        metrics.WEBHOOKS.labels(outcome="refused").inc()
        logger.warning("webhook_refused", extra={"endpoint": str(endpoint), "reason": refusal.reason})
        return problem_response(request, refusal)
    try:
        _process(request, endpoint, event)
    except Exception as error:  # whatever it is: logged, kept, and Stripe sends the event again
        _report(request, row, event, error)
        return problem_response(request, WebhookFailed())
    metrics.WEBHOOKS.labels(outcome="processed").inc()
    metrics.WEBHOOK_LAG.observe(max(0.0, time.time() - float(event.get("created", time.time()))))
    return HttpResponse(status=200)


def _verified(request: HttpRequest, endpoint: Any) -> Mapping[str, Any]:
    """The event, if its signature is of this endpoint and fresh. Raises WebhookRefused."""
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or int(length) > LARGEST_BYTES:
        raise WebhookRefused("The body is larger than any event, or its length is not told.", reason="length")
    try:
        text = request.body.decode()
        stripe.WebhookSignature.verify_header(
            text, request.headers.get("Stripe-Signature", ""), endpoint.secret, endpoint.djstripe_tolerance
        )
        event = json.loads(text)
    except (stripe.SignatureVerificationError, RequestDataTooBig, ValueError) as error:
        detail = "The signature is missing, too old, or not of this endpoint."
        raise WebhookRefused(detail, reason="signature") from error
    if not isinstance(event, dict) or not {"id", "livemode", "type", "data"} <= set(event):
        raise WebhookRefused("The body is not an event.", reason="body")
    return event


def _process(request: HttpRequest, endpoint: UUID, event: Mapping[str, Any]) -> None:
    """Mirror the event and recompute the projection, in one transaction and alone for its customer.

    The tenant is in context because dj-stripe looks it up, and row security would hide it.
    """
    customer_id = customer_of(event)
    tenant_id = customers.tenant_of(customer_id) if customer_id else None
    with _context(tenant_id):
        if customer_id:
            projection.lock(customer_id)
        answer = _receiver(request, uuid=endpoint)
        if answer.status_code != 200:
            raise WebhookRefused("dj-stripe refused the event.", reason="mirror")
        if customer_id and tenant_id:
            projection.recompute(tenant_id=tenant_id, customer_id=customer_id)


def _context(tenant_id: UUID | None) -> AbstractContextManager[Any]:
    return tenant_context(tenant_id) if tenant_id else transaction.atomic()


def customer_of(event: Mapping[str, Any]) -> str:
    """The id of the customer an event is about; empty for one about nobody."""
    thing = event["data"]["object"]
    found = thing.get("id") if thing.get("object") == "customer" else thing.get("customer")
    return str(found["id"] if isinstance(found, dict) else found or "")


def _report(request: HttpRequest, endpoint: Any, event: Mapping[str, Any], error: Exception) -> None:
    """Everything of the failed try was rolled back; this is what remains of it."""
    metrics.WEBHOOKS.labels(outcome="failed").inc()
    facts = {"event": event["id"], "type": event["type"], "error": type(error).__name__}
    logger.error("webhook_failed", extra=facts, exc_info=error)
    WebhookEventTrigger.objects.create(
        remote_ip=get_remote_ip(request),
        headers={"Stripe-Signature": request.headers.get("Stripe-Signature", "")},
        body=request.body.decode(),
        valid=True,
        exception=str(error)[:128],
        traceback=format_exc(),
        webhook_endpoint=endpoint,
    )
