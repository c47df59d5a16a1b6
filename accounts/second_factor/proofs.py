"""Answers to a challenge: what somebody shows to prove their second factor, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import limits
from accounts.errors import SecondFactorRefused
from accounts.magic_links import Asker
from accounts.second_factor import challenges, notices, passkeys, recovery_codes, totp
from accounts.second_factor.models import FactorChallenge
from accounts.second_factor.notices import Notice

APP_CODE_LENGTH = 6


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A code of an app, a recovery code (both in `code`), or a passkey's answer as JSON."""

    code: str = ""
    passkey: dict[str, Any] = field(default_factory=dict)


def spend(row: FactorChallenge, proof: Proof, *, asker: Asker, at: datetime) -> str:
    """Spend a proof on a challenge; returns its method. Nothing spent counts again.

    Call inside a transaction, after `count`. Raises SecondFactorRefused, or ChallengeOver when somebody else
    answered meanwhile.
    """
    method = _method_that_holds(row, proof, at=at)
    if method is None:
        raise SecondFactorRefused()
    challenges.close(row, at=at)
    if method == "recovery-code":
        left = recovery_codes.left(row.user_id)
        notices.tell(row.user, Notice.CODE_USED, at=at, asker=asker, more=f"You have {left} left.")
    return method


def count(row: FactorChallenge, *, asker: Asker, at: datetime) -> None:
    """Count a try against the challenge and the limits. Never rolled back with the answer it precedes.

    Raises RateLimited, ChallengeOver.
    """
    limits.check(limits.second_factor(user_id=row.user_id, ip=asker.ip or ""))
    challenges.count_try(row, at=at)


def warn_after_last_try(row: FactorChallenge, *, asker: Asker, at: datetime) -> None:
    """Tell the owner when a challenge on the way to a session died of wrong answers."""
    if row.session_id is None and challenges.is_last_try(row):
        with transaction.atomic():
            notices.tell(row.user, Notice.GUESSED, at=at, asker=asker)


def _method_that_holds(row: FactorChallenge, proof: Proof, *, at: datetime) -> str | None:
    if proof.passkey:
        challenge = bytes(row.passkey_challenge)
        is_good = passkeys.use(user=row.user, challenge=challenge, answer=proof.passkey, at=at)
        return "passkey" if is_good else None
    typed = "".join(proof.code.split())
    if len(typed) == APP_CODE_LENGTH and typed.isdigit():
        return "app" if totp.use(user_id=row.user_id, code=typed, at=at) else None
    return "recovery-code" if recovery_codes.use(user_id=row.user_id, code=typed, at=at) else None
