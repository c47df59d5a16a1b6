"""Short-lived questions for a second factor: between the mailed link and a session, or before a weighty deed.

A challenge lives 10 minutes, takes 5 wrong answers and counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from accounts import conf
from accounts.errors import ChallengeOver
from accounts.models import Session, User
from accounts.second_factor import passkeys, recovery_codes, totp
from accounts.second_factor.models import FactorChallenge
from cutroom import sealing


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A challenge as its answerer sees it. `methods` are app, passkey and recovery-code; empty: has none."""

    token: str
    methods: tuple[str, ...]
    passkey: dict[str, Any] | None

    def as_members(self) -> dict[str, Any]:
        """The members of the problem document second-factor-required."""
        return {
            "challenge": self.token,
            "expires_in": int(conf.CHALLENGE_LIFE.total_seconds()),
            "methods": list(self.methods),
            "passkey": self.passkey,
        }


def ask(
    *,
    user: User,
    at: datetime,
    session: Session | None = None,
    next_path: str = "",
    invitation_hash: str = "",
) -> Asked:
    """Put a new challenge to a person; of a session that exists, or on the way to one and to a tenant."""
    row, token = _create(
        user=user, session=session, next_path=next_path, invitation_hash=invitation_hash, at=at
    )
    return _as_asked(row, token)


def ask_for_new_passkey(*, user: User, session: Session, at: datetime) -> Asked:
    """A challenge to make a passkey for: `passkey` holds options for navigator.credentials.create."""
    row, token = _create(user=user, session=session, at=at)
    options = passkeys.creation_options(user=user, challenge=bytes(row.passkey_challenge))
    return Asked(token=token, methods=(), passkey=options)


def again(token: str, *, at: datetime) -> Asked:
    """The same challenge once more, for a page that is shown again. Raises ChallengeOver."""
    return _as_asked(look_at(token, at=at), token)


def look_at(token: str, *, at: datetime) -> FactorChallenge:
    """The open challenge of a token. Raises ChallengeOver."""
    row = _open(at).filter(token_hash=sealing.digest(token)).select_related("user", "session").first()
    if row is None:
        raise ChallengeOver()
    return row


def count_try(row: FactorChallenge, *, at: datetime) -> None:
    """Count one answer before it is looked at, so that parallel guesses cannot share a try.

    Raises ChallengeOver after the fifth.
    """
    if not _open(at).filter(pk=row.pk).update(tries=F("tries") + 1):
        raise ChallengeOver()


def close(row: FactorChallenge, *, at: datetime) -> None:
    """Use a challenge up. Of any number of parallel calls one returns; the others raise ChallengeOver."""
    if not FactorChallenge.objects.filter(pk=row.pk, used_at=None).update(used_at=at):
        raise ChallengeOver()


def is_last_try(row: FactorChallenge) -> bool:
    """Has the challenge just died of wrong answers?"""
    return FactorChallenge.objects.filter(pk=row.pk, used_at=None, tries__gte=conf.CHALLENGE_TRIES).exists()


def methods_of(user: User) -> tuple[str, ...]:
    """How a person can answer; empty for somebody without a second factor."""
    has_app = totp.app_of(user.pk) is not None
    has_passkey = user.passkeys.exists()
    if not (has_app or has_passkey):
        return ()
    has_code = recovery_codes.left(user.pk) > 0
    offered = (("app", has_app), ("passkey", has_passkey), ("recovery-code", has_code))
    return tuple(name for name, is_there in offered if is_there)


def factors_of(user: User) -> int:
    """How many second factors a person has; recovery codes are none."""
    return (totp.app_of(user.pk) is not None) + user.passkeys.count()


def _open(at: datetime) -> QuerySet[FactorChallenge]:
    return FactorChallenge.objects.filter(used_at=None, expires_at__gt=at, tries__lt=conf.CHALLENGE_TRIES)


def _create(
    *, user: User, session: Session | None, next_path: str = "", invitation_hash: str = "", at: datetime
) -> tuple[FactorChallenge, str]:
    token = sealing.new_token()
    row = FactorChallenge.objects.create(
        user=user,
        session=session,
        token_hash=sealing.digest(token),
        passkey_challenge=sealing.new_token().encode(),
        next_path=next_path,
        invitation_hash=invitation_hash,
        created_at=at,
        expires_at=at + conf.CHALLENGE_LIFE,
    )
    return row, token


def _as_asked(row: FactorChallenge, token: str) -> Asked:
    options = passkeys.request_options(user=row.user, challenge=bytes(row.passkey_challenge))
    methods = tuple(name for name in methods_of(row.user) if name != "passkey" or options)
    return Asked(token=token, methods=methods, passkey=options)
