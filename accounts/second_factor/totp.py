"""Six-digit codes of authenticator apps (RFC 6238). A code counts once: by compare-and-swap on its step."""

from __future__ import annotations

import hmac
import logging
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import segno
from cryptography.fernet import InvalidToken
from django.db import transaction

from accounts import conf
from accounts.errors import FactorExists, SecondFactorRefused
from accounts.second_factor.models import AuthenticatorApp
from cutroom import sealing

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 30
# RFC 6238 section 5.2: one step back for a slow typist, and one ahead for a clock that is fast.
STEPS_TRIED = (0, -1, 1)
ISSUER = "Cutroom"
# An enrolment left lying is begun anew: whoever finds its page later may not be its owner.
PENDING_LIFE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What an app needs to know: shown on one page until a good code comes back."""

    secret: str
    uri: str

    @property
    def spaced_secret(self) -> str:
        """The secret in groups of four, for typing."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))

    def qr_svg(self) -> str:
        """The address as a QR code: an SVG element without size, style or script, dark on light."""
        code = segno.make(self.uri, error="m", micro=False)
        return code.svg_inline(
            omitsize=True, border=3, dark="#000", light="#fff", svgclass=None, lineclass=None
        )


def begin(*, user_id: UUID, email: str, at: datetime) -> Enrolment:
    """The secret a person is about to add; the same until it is confirmed or an hour old.

    Raises FactorExists when there is an app already.
    """
    if app_of(user_id):
        raise FactorExists()
    pending = AuthenticatorApp.objects.filter(user_id=user_id, confirmed_at=None)
    pending.filter(created_at__lt=at - PENDING_LIFE).delete()
    fresh = {"secret_sealed": _seal(pyotp.random_base32()), "created_at": at}
    app, _ = pending.get_or_create(user_id=user_id, confirmed_at=None, defaults=fresh)
    secret = _unseal(app)
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return Enrolment(secret=secret, uri=uri)


def confirm(*, user_id: UUID, code: str, at: datetime) -> AuthenticatorApp:
    """Turn the pending secret into the person's app. Raises SecondFactorRefused for a bad code."""
    app = AuthenticatorApp.objects.filter(user_id=user_id, confirmed_at=None).first()
    step = _matching_step(app, code, at=at) if app else None
    if app is None or step is None:
        raise SecondFactorRefused()
    waiting = AuthenticatorApp.objects.filter(pk=app.pk, confirmed_at=None)
    with transaction.atomic():
        if not waiting.update(confirmed_at=at, last_used_at=at, last_step=step):
            raise SecondFactorRefused()
    return app


def use(*, user_id: UUID, code: str, at: datetime) -> bool:
    """Spend a code. Of any number of parallel uses of one code exactly one is true."""
    app = app_of(user_id)
    step = _matching_step(app, code, at=at) if app else None
    if app is None or step is None:
        return False
    # Sealed again each time, so that a new key reaches every app in use.
    sealed = _seal(_unseal(app))
    unspent = AuthenticatorApp.objects.filter(pk=app.pk, last_step__lt=step)
    return bool(unspent.update(last_step=step, last_used_at=at, secret_sealed=sealed))


def app_of(user_id: UUID) -> AuthenticatorApp | None:
    """The person's confirmed app, if any."""
    return AuthenticatorApp.objects.filter(user_id=user_id).exclude(confirmed_at=None).first()


def _matching_step(app: AuthenticatorApp, code: str, *, at: datetime) -> int | None:
    typed = "".join(character for character in code if character in string.digits)
    try:
        totp = pyotp.TOTP(_unseal(app))
    except InvalidToken:
        # Recovery codes and passkeys must go on working when the key was lost.
        logger.exception("authenticator_app_unreadable", extra={"app": str(app.pk)})
        return None
    now = int(at.timestamp()) // PERIOD_SECONDS
    for step in (now + offset for offset in STEPS_TRIED):
        if step > app.last_step and hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def _seal(secret: str) -> bytes:
    return sealing.seal(secret, key=conf.second_factor_keys()[0])


def _unseal(app: AuthenticatorApp) -> str:
    """Raises InvalidToken when the app was sealed under a key that is no longer configured."""
    *older, last = conf.second_factor_keys()
    for key in older:
        try:
            return sealing.unseal(app.secret_sealed, key=key)
        except InvalidToken:
            continue
    return sealing.unseal(app.secret_sealed, key=last)
