"""Celery's edge of the tenants app."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from cutroom import clock
from tenants import retention


@shared_task(name="tenants.purge_answers")
def purge_answers(**_: Any) -> int:
    """Forget the answers kept for Idempotency-Key that are too old to be asked for."""
    return retention.purge(at=clock.now())
