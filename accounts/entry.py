"""The door itself: opens a session for somebody who proved, by whatever steps, who they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts import access_tokens, refresh_tokens, workspaces
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
    user: User, *, asker: Asker, at: datetime, next_path: str = "", second_factor_at: datetime | None = None
) -> SignedIn:
    """Open a session and issue its tokens. Call inside a transaction. Raises NoWorkspace."""
    tenant_id = workspaces.choose(user, at=at)
    session = session_rows.open_session(
        user=user, tenant_id=tenant_id, asker=asker, at=at, second_factor_at=second_factor_at
    )
    token = refresh_tokens.start(session, at=at)
    access = access_tokens.issue(user_id=user.pk, session_id=session.pk, tenant_id=tenant_id, at=at)
    return SignedIn(session=session, access_token=access, refresh_token=token, next_path=next_path)
