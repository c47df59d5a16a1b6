"""How long billing keeps what is only useful for a while. Invoices and subscriptions are not among it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from djstripe.models import Event, IdempotencyKey, WebhookEventTrigger

from billing import conf

# Stripe forgets a key after a day; so must we, or the next use of it would be a surprise.
_KEYS_KEPT = timedelta(days=1)
_BATCH = 1_000


def purge(*, at: datetime) -> int:
    """Forget webhooks as they came in, events and spent keys that are old; how many."""
    old = (
        WebhookEventTrigger.objects.filter(created__lt=at - conf.WEBHOOKS_KEPT),
        Event.objects.filter(djstripe_created__lt=at - conf.EVENTS_KEPT),
        IdempotencyKey.objects.filter(created__lt=at - _KEYS_KEPT),
    )
    return sum(_purge(rows) for rows in old)


def _purge(rows: Any) -> int:
    removed = 0
    while keys := list(rows.values_list("pk", flat=True)[:_BATCH]):
        removed += rows.filter(pk__in=keys).delete()[0]
    return removed
