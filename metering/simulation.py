"""Limits on trial: nothing is refused, but what would have been is written down."""

from __future__ import annotations

from datetime import datetime

from metering.ledger import Move
from metering.models import SimulatedRefusal
from tenants.context import current_tenant_id


def observe(*, key: str, move: Move, limit: int | None, at: datetime) -> None:
    """Record the hold of `key` as a refusal that did not happen, if it passed `limit`. Once per key."""
    if limit is None or move.after <= limit:
        return
    refusal = SimulatedRefusal(
        tenant_id=current_tenant_id(),
        key=key,
        meter=move.meter,
        period_start=move.period_start,
        requested=move.after - move.before,
        taken=move.before,
        limit_amount=limit,
        at=at,
    )
    SimulatedRefusal.objects.bulk_create([refusal], ignore_conflicts=True)
