"""Celery's edge of the accounts app."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from accounts import outbox, retention, sign_in_log
from cutroom import clock


@shared_task(name="accounts.deliver_mail")
def deliver_mail(**_: Any) -> int:
    """Send the mail that is due."""
    return outbox.deliver_due()


@shared_task(name="accounts.purge_expired")
def purge_expired(**_: Any) -> int:
    """Forget links, sessions, tokens and mails that are long over."""
    return retention.purge(at=clock.now())


@shared_task(name="accounts.purge_invitations")
def purge_invitations(**_: Any) -> int:
    """Forget the addresses of invitations that are long over."""
    return retention.purge_invitations(at=clock.now())


@shared_task(name="accounts.record_refused_sign_in")
def record_refused_sign_in(address: str, code: str, request_id: str = "", **_: Any) -> bool:
    """Append a refused sign-in to the audit log of the person's tenant."""
    return sign_in_log.record_refused(address=address, code=code, request_id=request_id)
