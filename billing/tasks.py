"""Celery's edge of the billing app."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from billing import conf, dunning, reconciliation, upcoming
from billing.errors import PaymentsNotSetUp, PaymentsUnavailable
from cutroom import clock


@shared_task(name="billing.follow_up")
def follow_up(tenant_id: str, **_: Any) -> None:
    """After what a tenant pays for has changed: the mail that is due, and what the next invoice will be."""
    dunning.remind(tenant_id=UUID(tenant_id), at=conf.now())
    upcoming.note_next_amount(tenant_id=UUID(tenant_id))


@shared_task(name="billing.remind_past_due")
def remind_past_due(**_: Any) -> int:
    """Send the mails about failing payments that are due."""
    return dunning.remind_all(at=conf.now())


@shared_task(name="billing.reconcile")
def reconcile(**_: Any) -> int:
    """Compare every subscription with Stripe; how many were wrong. Nothing where payments are not set up."""
    try:
        return len(reconciliation.run(at=clock.now()).drifted)
    except (PaymentsNotSetUp, PaymentsUnavailable):
        return 0


@shared_task(name="billing.look_for_gaps")
def look_for_gaps(**_: Any) -> int:
    """Ask Stripe which events never came; how many. Nothing where payments are not set up."""
    try:
        return len(reconciliation.look_for_gaps())
    except (PaymentsNotSetUp, PaymentsUnavailable):
        return 0
