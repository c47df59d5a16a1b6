"""Celery's edge of the accounts app."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from accounts import counters, keyring, outbox, sign_in_log
from cutroom import clock
from tenants.context import tenant_context
from tenants.plans import plan_name


@shared_task(name="accounts.deliver_mail")
def deliver_mail(**_: Any) -> int:
    """Send the mail that is due."""
    return outbox.deliver_due()


@shared_task(name="accounts.warn_of_ending_keys")
def warn_of_ending_keys(**_: Any) -> int:
    """Tell admins of API keys that end soon."""
    return keyring.warn_of_ends(at=clock.now())


@shared_task(name="accounts.note_plan")
def note_plan(tenant_id: str, **_: Any) -> str:
    """Note the plan of a tenant for those who count its requests."""
    with tenant_context(UUID(tenant_id)):
        plan = plan_name(UUID(tenant_id))
    counters.note_plan(UUID(tenant_id), plan)
    return plan


@shared_task(name="accounts.record_refused_sign_in")
def record_refused_sign_in(address: str, code: str, request_id: str = "", **_: Any) -> bool:
    """Append a refused sign-in to the audit log of the person's tenant."""
    return sign_in_log.record_refused(address=address, code=code, request_id=request_id)
