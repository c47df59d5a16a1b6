"""Celery's edge of the accounts app."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from accounts import outbox, retention
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
