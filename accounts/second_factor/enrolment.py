"""Adding and removing second factors. Every change is audited and told to its person by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import sessions, workspaces
from accounts.errors import ChallengeOver
from accounts.magic_links import Asker
from accounts.models import Session, User
from accounts.second_factor import challenges, notices, passkeys, recovery_codes, totp
from accounts.second_factor.models import AuthenticatorApp, Passkey, RecoveryCode
from accounts.second_factor.notices import Notice
from accounts.second_factor.proofs import Proof
from cutroom.errors import NotFound
from tenants import audit
from tenants.context import Actor, tenant_context


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who changes their own factors, from which session and device."""

    user: User
    session_id: UUID
    asker: Asker


def add_app(owner: Owner, *, code: str, at: datetime) -> list[str]:
    """Confirm the pending authenticator app; returns recovery codes if this is the first factor, else none.

    Raises SecondFactorRefused when the code does not fit, FactorExists.
    """
    with transaction.atomic():
        is_first = _is_first(owner)
        app = totp.confirm(user_id=owner.user.pk, code=code, at=at)
        _announce(owner, "added", f"app:{app.pk}", Notice.APP_ADDED, at=at)
        return _welcome(owner, is_first=is_first, at=at)


def add_passkey(owner: Owner, *, token: str, name: str, proof: Proof, at: datetime) -> list[str]:
    """Keep a passkey made for the challenge of `token`; returns recovery codes as `add_app` does.

    Raises ChallengeOver, SecondFactorRefused, FactorExists.
    """
    with transaction.atomic():
        row = challenges.look_at(token, at=at)
        if row.session_id != owner.session_id:
            raise ChallengeOver()
        challenges.close(row, at=at)
        is_first = _is_first(owner)
        passkey = passkeys.add(
            user=owner.user,
            name=name,
            challenge=bytes(row.passkey_challenge),
            answer=proof.passkey,
            at=at,
        )
        _announce(
            owner, "added", f"passkey:{passkey.pk}", Notice.PASSKEY_ADDED, at=at, more=f"It is “{name}”."
        )
        return _welcome(owner, is_first=is_first, at=at)


def remove_app(owner: Owner, *, at: datetime) -> None:
    """Forget the authenticator app. Raises NotFound."""
    with transaction.atomic():
        app = totp.app_of(owner.user.pk)
        if app is None or not AuthenticatorApp.objects.filter(pk=app.pk).delete()[0]:
            raise NotFound()
        _announce(owner, "removed", f"app:{app.pk}", Notice.APP_REMOVED, at=at)
        _forget_codes_without_factor(owner.user)


def remove_passkey(owner: Owner, *, passkey_id: UUID, at: datetime) -> None:
    """Forget a passkey. Raises NotFound."""
    with transaction.atomic():
        passkey = owner.user.passkeys.filter(pk=passkey_id).first()
        if passkey is None or not Passkey.objects.filter(pk=passkey_id).delete()[0]:
            raise NotFound()
        more = f"It was “{passkey.name}”."
        _announce(owner, "removed", f"passkey:{passkey_id}", Notice.PASSKEY_REMOVED, at=at, more=more)
        _forget_codes_without_factor(owner.user)


def renew_codes(owner: Owner, *, at: datetime) -> list[str]:
    """Ten new recovery codes, shown once; earlier ones die. Raises NotFound without a second factor."""
    if not challenges.factors_of(owner.user):
        raise NotFound()
    with transaction.atomic():
        audit.record("second-factor.codes-made", target=f"user:{owner.user.pk}")
        notices.tell(owner.user, Notice.CODES_MADE, at=at, asker=owner.asker)
        return recovery_codes.renew(user_id=owner.user.pk, at=at)


def reset(user: User, *, reason: str, operator_id: UUID | None, at: datetime) -> int:
    """Take every factor from somebody who lost them all, and end their sessions; returns how many factors.

    For operators who made sure by other means who is asking. Audited in each of the person's workspaces.
    """
    with transaction.atomic():
        removed = challenges.factors_of(user)
        for kind in (AuthenticatorApp, Passkey, RecoveryCode):
            kind.objects.filter(user=user).delete()
        sessions.end(user_id=user.pk, at=at, reason="second-factor-reset")
        # One order for everybody, so that two resets never wait for each other.
        for tenant_id in sorted(workspace.tenant_id for workspace in workspaces.of(user.pk)):
            with tenant_context(tenant_id, actor=Actor(operator_id=operator_id)):
                audit.record("second-factor.reset", target=f"user:{user.pk}", detail={"reason": reason})
        notices.tell(user, Notice.RESET, at=at)
    return removed


def _is_first(owner: Owner) -> bool:
    # Locked: two factors added at once must not show two sets of codes, of which one is dead.
    User.objects.select_for_update().get(pk=owner.user.pk)
    return not challenges.factors_of(owner.user)


def _announce(owner: Owner, verb: str, target: str, notice: Notice, *, at: datetime, more: str = "") -> None:
    audit.record(f"second-factor.{verb}", target=target)
    notices.tell(owner.user, notice, at=at, asker=owner.asker, more=more)


def _welcome(owner: Owner, *, is_first: bool, at: datetime) -> list[str]:
    """Whoever adds a factor has just shown it."""
    Session.objects.filter(pk=owner.session_id).update(second_factor_at=at)
    return recovery_codes.renew(user_id=owner.user.pk, at=at) if is_first else []


def _forget_codes_without_factor(user: User) -> None:
    if not challenges.factors_of(user):
        RecoveryCode.objects.filter(user=user).delete()
