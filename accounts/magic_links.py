"""Links and codes that sign somebody in once. Start at `issue`, then `consume_token` or `consume_code`.

The token is random and lives in a row, not in a signature: an unknown address has no user yet, and single
use must be a compare-and-swap (docs/adr/0004-own-login-token.md).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import F

from accounts import conf
from accounts.errors import LinkExpired, LinkInvalid, LinkUsed
from accounts.models import LoginRequest
from cutroom import sealing

# Six digits are enough because a request dies at the fifth wrong try (OWASP ASVS 5.0, 6.6.3).
CODE_LENGTH = 6


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Where a request came from: shown in the mail, and remembered with the session."""

    ip: str | None = None
    device: str = ""
    browser_nonce: str = ""


@dataclass(frozen=True, kw_only=True)
class MagicLink:
    """What goes into the mail, and nowhere else."""

    token: str
    code: str

    @property
    def url(self) -> str:
        """The address of the confirm page."""
        return f"{conf.site_url()}/login?{urlencode({'token': self.token})}"

    @property
    def spaced_code(self) -> str:
        """The code in two groups, as people read it."""
        return f"{self.code[:3]}\N{NO-BREAK SPACE}{self.code[3:]}"


def issue(*, email: str, asker: Asker, next_path: str, at: datetime, invitation_hash: str = "") -> MagicLink:
    """Make a link and a code for an address; earlier unused ones of the same address die."""
    link = MagicLink(token=sealing.new_token(), code=_new_code())
    with transaction.atomic():
        LoginRequest.objects.filter(email=email, used_at=None).update(used_at=at)
        LoginRequest.objects.create(
            email=email,
            token_hash=sealing.digest(link.token),
            code_hash=_code_hash(link.code, email=email),
            asker_hash=sealing.digest(asker.browser_nonce) if asker.browser_nonce else "",
            ip=asker.ip,
            device=asker.device,
            next_path=next_path,
            invitation_hash=invitation_hash,
            created_at=at,
            expires_at=at + conf.LINK_LIFE,
        )
    return link


def look_at(token: str, *, at: datetime) -> LoginRequest:
    """The request behind a token, without using it up. Raises LinkInvalid, LinkUsed or LinkExpired."""
    request = LoginRequest.objects.filter(token_hash=sealing.digest(token)).first()
    if request is None:
        raise LinkInvalid()
    _refuse_dead(request, at=at)
    return request


def address_of(token: str) -> str:
    """The address a link was mailed to, alive or not; empty for a link we never made."""
    found = LoginRequest.objects.filter(token_hash=sealing.digest(token)).values_list("email", flat=True)
    return found.first() or ""


def consume_token(token: str, *, at: datetime) -> LoginRequest:
    """Use a link up. Of any number of parallel calls exactly one returns; the others raise as `look_at`."""
    request = look_at(token, at=at)
    return _consume(request, at=at)


def consume_code(*, email: str, code: str, at: datetime) -> LoginRequest:
    """Use a code up. The fifth wrong try kills the request. Raises LinkInvalid, LinkUsed or LinkExpired."""
    request = LoginRequest.objects.filter(email=email).order_by("-created_at").first()
    if request is None:
        raise LinkInvalid()
    _refuse_dead(request, at=at)
    counted = LoginRequest.objects.filter(pk=request.pk, used_at=None, code_tries__lt=conf.CODE_TRIES)
    # Counted before it is compared, so that parallel guesses cannot share a try.
    if not counted.update(code_tries=F("code_tries") + 1):
        raise LinkUsed()
    if not hmac.compare_digest(request.code_hash, _code_hash(code, email=email)):
        raise LinkInvalid()
    return _consume(request, at=at)


def is_same_browser(request: LoginRequest, *, browser_nonce: str) -> bool:
    """Is the link opened where it was asked for?"""
    return bool(request.asker_hash) and hmac.compare_digest(request.asker_hash, sealing.digest(browser_nonce))


def _consume(request: LoginRequest, *, at: datetime) -> LoginRequest:
    alive = LoginRequest.objects.filter(pk=request.pk, used_at=None, expires_at__gt=at)
    if not alive.update(used_at=at):
        raise LinkUsed()
    return request


def _refuse_dead(request: LoginRequest, *, at: datetime) -> None:
    if request.used_at is not None:
        raise LinkUsed()
    if request.expires_at <= at:
        raise LinkExpired()
    if request.created_at > at:
        raise LinkInvalid()


def _new_code() -> str:
    return f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}"


def _code_hash(code: str, *, email: str) -> str:
    plain = "".join(character for character in code if character.isdigit())
    return sealing.keyed_digest(f"{email}:{plain}", purpose="login-code")
