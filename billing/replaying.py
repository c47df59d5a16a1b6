"""Processing a webhook of Stripe's again that failed when it came. Inside its tenant's context."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from djstripe.models import WebhookEventTrigger

from billing import conf, customers, projection
from billing.webhooks import customer_of
from cutroom.errors import Conflict


def refusal(trigger: Any) -> str:
    """Why a webhook cannot be processed again; empty when it can."""
    if not trigger.valid:
        return "Stripe did not sign it."
    return "" if trigger.json_body.get("id") else "Its body is gone: bodies are kept 30 days."


def tenant_of(trigger: Any) -> UUID | None:
    """Whose customer a webhook is about; None for one that is about nobody's."""
    customer_id = customer_of(trigger.json_body) if trigger.json_body else ""
    return customers.tenant_of(customer_id) if customer_id else None


def replay(trigger_id: int, *, tenant_id: UUID | None) -> None:
    """Mirror the event and recompute the projection, as when it came. What was processed changes nothing.

    Raises Conflict for one that cannot be processed.
    """
    trigger = WebhookEventTrigger.objects.select_for_update(of=("self",)).get(pk=trigger_id)
    if reason := refusal(trigger):
        raise Conflict(reason)
    customer_id = customer_of(json.loads(trigger.body))
    if customer_id:
        projection.lock(customer_id)
    trigger.process(save=False, api_key=conf.secret_key())
    trigger.exception, trigger.traceback = "", ""
    trigger.save()
    if customer_id and tenant_id:
        projection.recompute(tenant_id=tenant_id, customer_id=customer_id)
