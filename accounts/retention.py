"""How long sign-in rows are kept after they are over, and their removal in small batches by an index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session as BrowserSession
from django.db.models import QuerySet

from accounts.models import Invitation, LoginRequest, OutboxMail, RateBucket, RefreshToken, Session
from accounts.second_factor.models import AuthenticatorApp, FactorChallenge

# Requests and mails may be about people who never sign in.
REQUESTS_KEPT = timedelta(days=1)
KEPT = timedelta(days=90)
# An address that never joined is somebody else's.
INVITATIONS_KEPT = timedelta(days=30)
BATCH = 5_000


def purge(*, at: datetime) -> int:
    """Delete what is over: sessions and tokens after 90 days, links and mails after one, counters at once.

    Returns the number of rows.
    """
    stale: list[QuerySet[Any]] = [
        RateBucket.objects.filter(expires_at__lt=at),
        RefreshToken.objects.filter(expires_at__lt=at - KEPT),
        Session.objects.filter(expires_at__lt=at - KEPT),
        LoginRequest.objects.filter(expires_at__lt=at - REQUESTS_KEPT),
        FactorChallenge.objects.filter(expires_at__lt=at - REQUESTS_KEPT),
        AuthenticatorApp.objects.filter(confirmed_at=None, created_at__lt=at - REQUESTS_KEPT),
        OutboxMail.objects.filter(give_up_at__lt=at - REQUESTS_KEPT),
        BrowserSession.objects.filter(expire_date__lt=at),
    ]
    return sum(_in_batches(rows) for rows in stale)


def purge_invitations(*, at: datetime) -> int:
    """Delete the invitations of every tenant that ended a month ago; returns how many."""
    return _in_batches(Invitation.everywhere.using("ops").filter(expires_at__lt=at - INVITATIONS_KEPT))


def _in_batches(rows: QuerySet[Any]) -> int:
    removed = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        rows.model._base_manager.using(rows.db).filter(pk__in=keys).delete()
        removed += len(keys)
    return removed
