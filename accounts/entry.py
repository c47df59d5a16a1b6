"""The door itself: opens a session for somebody who proved, by whatever steps, who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts import access_tokens, invitations, refresh_tokens, workspaces
from accounts import sessions as session_rows
from accounts.magic_links import Asker
from accounts.models import Session, User


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A session, its access and refresh tokens, and the path the person wanted to go to."""

    session: Session
    access_token: str
    refresh_token: str
    next_path: str = ""


def enter(
    user: User,
    *,
    asker: Asker,
    at: datetime,
    next_path: str = "",
    invitation_hash: str = "",
    second_factor_at: datetime | None = None,
) -> SignedIn:
    """Open a session and issue its tokens; in the tenant of the invitation if there is one: this accepts it.

    Call inside a transaction. Raises NoWorkspace, and as `invitations.accept`.
    """
    tenant_id = _tenant_of(user, invitation_hash=invitation_hash, at=at)
    session = session_rows.open_session(
        user=user, tenant_id=tenant_id, asker=asker, at=at, second_factor_at=second_factor_at
    )
    token = refresh_tokens.start(session, at=at)
    access = access_tokens.issue(user_id=user.pk, session_id=session.pk, tenant_id=tenant_id, at=at)
    return SignedIn(session=session, access_token=access, refresh_token=token, next_path=next_path)


def _tenant_of(user: User, *, invitation_hash: str, at: datetime) -> UUID:
    if invitation_hash:
        # Who came to join gets no workspace of their own on the way.
        return invitations.accept(token_hash=invitation_hash, user=user, at=at).tenant_id
    return workspaces.choose(user, at=at)
