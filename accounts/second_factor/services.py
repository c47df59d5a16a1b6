"""Passing the second factor: on the way to a session, and again before a weighty deed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import entry, limits, magic_links, sign_in_log
from accounts.entry import SignedIn
from accounts.errors import BadCredentials, ChallengeOver, SecondFactorRefused
from accounts.magic_links import Asker
from accounts.models import Session, User
from accounts.second_factor import challenges, proofs
from accounts.second_factor.models import FactorChallenge
from accounts.second_factor.proofs import Proof
from tenants import audit
from tenants.context import tenant_context


def finish_sign_in(*, token: str, proof: Proof, asker: Asker, at: datetime) -> SignedIn:
    """Open the session that a link or code promised, for a good second factor.

    Of any number of parallel calls one returns. Raises ChallengeOver, SecondFactorRefused, RateLimited,
    BadCredentials, NoWorkspace, and as `invitations.accept` on the way to one.
    """
    row = challenges.look_at(token, at=at)
    if row.session_id is not None:
        raise ChallengeOver()
    proofs.count(row, asker=asker, at=at)
    try:
        with transaction.atomic():
            return _enter(row, proof, asker=asker, at=at)
    except SecondFactorRefused as error:
        sign_in_log.refused(row.user.email, code=error.code)
        proofs.warn_after_last_try(row, asker=asker, at=at)
        raise


def confirm(*, token: str, session_id: UUID, proof: Proof, asker: Asker, at: datetime) -> None:
    """Prove the second factor once more: the session counts as signed in just now.

    Raises ChallengeOver (also for another session's challenge), SecondFactorRefused, RateLimited.
    """
    row = challenges.look_at(token, at=at)
    if row.session is None or row.session_id != session_id:
        raise ChallengeOver()
    proofs.count(row, asker=asker, at=at)
    with transaction.atomic():
        method = proofs.spend(row, proof, asker=asker, at=at)
        Session.objects.filter(pk=session_id).update(signed_in_at=at, second_factor_at=at)
        _record("session.confirmed", row.session, method=method)


def confirm_by_code(*, session_id: UUID, code: str, asker: Asker, at: datetime) -> None:
    """As `confirm`, by the code of a mail, for somebody who has no second factor.

    Raises SecondFactorRefused for somebody who has one; LinkInvalid, LinkUsed, LinkExpired, RateLimited.
    """
    session = Session.objects.select_related("user").get(pk=session_id)
    if challenges.methods_of(session.user):
        raise SecondFactorRefused("Use your second factor.")
    limits.check(limits.verify(ip=asker.ip or ""))
    magic_links.consume_code(email=session.user.email, code=code, at=at)
    with transaction.atomic():
        Session.objects.filter(pk=session_id).update(signed_in_at=at)
        _record("session.confirmed", session, method="mail")


def _enter(row: FactorChallenge, proof: Proof, *, asker: Asker, at: datetime) -> SignedIn:
    # The lock of `services._user`: two sign-ins at once must not found two workspaces.
    user = User.objects.select_for_update().get(pk=row.user_id)
    if not user.is_active:
        raise BadCredentials("This account is closed.")
    method = proofs.spend(row, proof, asker=asker, at=at)
    signed_in = entry.enter(
        user,
        asker=asker,
        at=at,
        next_path=row.next_path,
        invitation_hash=row.invitation_hash,
        second_factor_at=at,
    )
    _record("session.second-factor", signed_in.session, method=method)
    return signed_in


def _record(action: str, session: Session, *, method: str) -> None:
    with tenant_context(session.tenant_id):
        target = f"session:{session.pk}"
        audit.record(action, target=target, detail={"method": method}, user_id=session.user_id)
