"""How long the tenants app keeps what is only useful for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenants.models import IdempotencyRecord

ANSWERS_KEPT = timedelta(hours=24)
BATCH = 5_000


def purge(*, at: datetime) -> int:
    """Forget answers older than a day, of every tenant, in small batches; returns how many."""
    old = IdempotencyRecord.everywhere.using("ops").filter(created_at__lt=at - ANSWERS_KEPT)
    removed = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        removed += IdempotencyRecord.everywhere.using("ops").filter(pk__in=keys).delete()[0]
    return removed
