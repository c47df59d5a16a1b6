"""How long the tenants app keeps what is only useful for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from tenants.models import IdempotencyRecord, WebhookMessage

ANSWERS_KEPT = timedelta(hours=24)
WEBHOOK_MESSAGES_KEPT = timedelta(days=30)
BATCH = 5_000


def purge(*, at: datetime) -> int:
    """Forget answers older than a day and webhook messages older than 30, of everybody; returns how many."""
    answers = IdempotencyRecord.everywhere.using("ops").filter(created_at__lt=at - ANSWERS_KEPT)
    messages = WebhookMessage.everywhere.using("ops").filter(created_at__lt=at - WEBHOOK_MESSAGES_KEPT)
    return _purge(answers) + _purge(messages)


def _purge(old: QuerySet[Any, Any]) -> int:
    """In small batches, so that no lock is held for long."""
    removed = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        removed += old.filter(pk__in=keys).delete()[0]
    return removed
