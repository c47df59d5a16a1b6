"""Remembers in a browser which addresses signed in there, so that only their owner is told about their mail.

The answer to a question for a link is the same for every address. Whether mail to it came back is told only
to a browser that has been inside with it before.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse

from accounts import conf, suppression
from accounts.models import SuppressionReason

_SALT = "accounts.known"
_MOST = 5


def remember(request: HttpRequest, response: HttpResponse, *, email: str) -> None:
    """Note in the browser that this address signed in here. Call after it did."""
    mine = suppression.digest_of(email)
    known = [mine, *(digest for digest in _known(request) if digest != mine)][:_MOST]
    response.set_cookie(
        conf.known_cookie(),
        signing.dumps(known, salt=_SALT, key=conf.secret_key()),
        max_age=conf.KNOWN_LIFE,
        secure=conf.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def trouble_with(request: HttpRequest, *, email: str) -> SuppressionReason | None:
    """Why mail does not reach an address, for a browser where it has signed in before; else None."""
    digest = suppression.digest_of(email)
    return suppression.reason_for_digest(digest) if digest in _known(request) else None


def _known(request: HttpRequest) -> list[str]:
    cookie = request.COOKIES.get(conf.known_cookie(), "")
    try:
        known: list[str] = signing.loads(cookie, salt=_SALT, key=conf.secret_key(), max_age=conf.KNOWN_LIFE)
    except signing.BadSignature:
        return []
    return known
