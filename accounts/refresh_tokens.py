"""Refresh tokens in families: rotation, a grace for parallel tabs, and the end of the family on reuse.

RFC 9700 section 4.14. A token presented again within 10 seconds, or while its successor is still unused,
gets the same successor; anything older is a replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import conf
from accounts.errors import BadCredentials, SessionEnded
from accounts.models import RefreshToken, Session
from cutroom import sealing


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """A session and the refresh token that now continues it."""

    session: Session
    token: str
    is_replay: bool = False


def start(session: Session, *, at: datetime) -> str:
    """The first token of a session's family."""
    token = sealing.new_token()
    _create(session, token, parent=None, at=at)
    return token


def session_of(presented: str) -> Session | None:
    """The open session that a token belongs to, whether the token was used or not."""
    row = RefreshToken.objects.filter(token_hash=sealing.digest(presented), session__ended_at=None)
    token = row.select_related("session").first()
    return token.session if token else None


def rotate(presented: str, *, at: datetime) -> Rotated:
    """Exchange a token for its successor.

    Parallel calls with one token all get the same successor. `is_replay` means an old token came back: the
    caller must end the session. Raises BadCredentials for an unknown token, SessionEnded for a dead session.
    """
    with transaction.atomic():
        # The row lock makes parallel tabs queue up: the first rotates, the others find its successor.
        row = RefreshToken.objects.select_for_update(of=("self",)).select_related("session", "session__user")
        token = row.filter(token_hash=sealing.digest(presented)).first()
        if token is None:
            raise BadCredentials()
        session = token.session
        if (
            session.ended_at
            or session.expires_at <= at
            or token.expires_at <= at
            or not session.user.is_active
        ):
            raise SessionEnded()
        if token.used_at is None:
            return Rotated(session=session, token=_advance(token, presented, at=at))
        successor = sealing.unseal(token.successor_sealed or b"", key=presented)
        is_fresh = at - token.used_at <= conf.REFRESH_GRACE
        is_unused = RefreshToken.objects.filter(token_hash=sealing.digest(successor), used_at=None).exists()
        return Rotated(session=session, token=successor, is_replay=not (is_fresh or is_unused))


def _advance(token: RefreshToken, presented: str, *, at: datetime) -> str:
    successor = sealing.new_token()
    _create(token.session, successor, parent=token, at=at)
    token.used_at = at
    token.successor_sealed = sealing.seal(successor, key=presented)
    token.save(update_fields=["used_at", "successor_sealed"])
    Session.objects.filter(pk=token.session_id).update(seen_at=at)
    return successor


def _create(session: Session, token: str, *, parent: RefreshToken | None, at: datetime) -> None:
    RefreshToken.objects.create(
        session=session,
        token_hash=sealing.digest(token),
        parent=parent,
        created_at=at,
        expires_at=min(at + conf.REFRESH_LIFE, session.expires_at),
    )
