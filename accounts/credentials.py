"""End everything that lets anybody in, for the day after a restore: what was revoked since lives again."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session as BrowserSession

from accounts.models import ApiKey, LoginRequest, OutboxMail, RefreshToken, Session
from accounts.second_factor.models import FactorChallenge

REASON = "restored"


def end_all(*, at: datetime, keeps_api_keys: bool = False) -> dict[str, int]:
    """End every session, refresh token, login link, browser session and API key; how many of each.

    Mails that have not left are dropped: they did leave after the backup was made, or are out of date.
    """
    keys = ApiKey.everywhere.using("ops").filter(revoked_at=None)
    return {
        "sessions": Session.objects.filter(ended_at=None).update(ended_at=at, end_reason=REASON),
        "refresh_tokens": RefreshToken.objects.filter(expires_at__gt=at).update(expires_at=at),
        "login_requests": LoginRequest.objects.filter(used_at=None).update(used_at=at),
        "challenges": FactorChallenge.objects.filter(used_at=None).update(used_at=at),
        "browser_sessions": BrowserSession.objects.all().delete()[0],
        "api_keys": 0 if keeps_api_keys else keys.update(revoked_at=at),
        "mails": OutboxMail.objects.filter(sent_at=None).delete()[0],
    }
