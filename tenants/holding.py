"""An installation on hold works, but tells nobody: a restored copy must not mail or bill people by itself."""

from __future__ import annotations

from datetime import datetime

from cutroom.errors import Unavailable
from tenants.models import Hold

RETRY_SECONDS = 3600


def is_held() -> bool:
    """Is anything to be kept from leaving?"""
    return Hold.objects.exists()


def refuse_while_held() -> None:
    """Raise Unavailable (503) while on hold: whoever calls from outside shall come back later."""
    if is_held():
        detail = "This installation was restored and is on hold until `manage.py restore --go-live`."
        raise Unavailable(detail, retry_after=RETRY_SECONDS)


def hold(reason: str, *, at: datetime) -> None:
    """Keep mail and webhooks back from now on."""
    Hold.objects.create(reason=reason, since=at)


def release() -> list[str]:
    """Let everything go again; the reasons that held it."""
    reasons = list(Hold.objects.values_list("reason", flat=True))
    Hold.objects.all().delete()
    return reasons
