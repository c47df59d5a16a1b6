"""Sessions: one signed-in device each. Every token and page cookie names one, and dies with it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts import conf
from accounts.magic_links import Asker
from accounts.models import Session, User


def open_session(*, user: User, tenant_id: UUID, asker: Asker, at: datetime) -> Session:
    """A new session for a person who just proved who they are."""
    return Session.objects.create(
        user=user,
        tenant_id=tenant_id,
        ip=asker.ip,
        device=asker.device,
        created_at=at,
        seen_at=at,
        signed_in_at=at,
        expires_at=at + conf.SESSION_LIFE,
    )


def alive(user_id: UUID, *, at: datetime) -> list[Session]:
    """A person's open sessions, the latest seen first."""
    mine = Session.objects.filter(user_id=user_id, ended_at=None, expires_at__gt=at)
    return list(mine.order_by("-seen_at"))


def end(*, user_id: UUID, at: datetime, reason: str, session_id: UUID | None = None) -> int:
    """End one session of a person, or all of them; returns how many were open."""
    mine = Session.objects.filter(user_id=user_id, ended_at=None)
    if session_id is not None:
        mine = mine.filter(pk=session_id)
    return mine.update(ended_at=at, end_reason=reason)
