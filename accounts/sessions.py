"""Sessions: one signed-in device each. Every token and page cookie names one, and dies with it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import conf
from accounts.errors import SessionEnded
from accounts.magic_links import Asker
from accounts.models import Session, User
from tenants import audit
from tenants.context import tenant_context


def open_session(
    *, user: User, tenant_id: UUID, asker: Asker, at: datetime, second_factor_at: datetime | None = None
) -> Session:
    """A new session for a person who just proved who they are. Call inside a transaction."""
    session = Session.objects.create(
        user=user,
        tenant_id=tenant_id,
        ip=asker.ip,
        device=asker.device,
        created_at=at,
        seen_at=at,
        signed_in_at=at,
        second_factor_at=second_factor_at,
        expires_at=at + conf.SESSION_LIFE,
    )
    _audit("session.opened", session)
    return session


def one(session_id: UUID) -> Session:
    """A session by its id. Raises SessionEnded when it was deleted meanwhile."""
    session = Session.objects.filter(pk=session_id).first()
    if session is None:
        raise SessionEnded()
    return session


def alive(user_id: UUID, *, at: datetime) -> list[Session]:
    """A person's open sessions, the latest seen first."""
    mine = Session.objects.filter(user_id=user_id, ended_at=None, expires_at__gt=at)
    return list(mine.order_by("-seen_at"))


@transaction.atomic
def end(
    *,
    user_id: UUID,
    at: datetime,
    reason: str,
    session_id: UUID | None = None,
    except_id: UUID | None = None,
) -> int:
    """End one session of a person, or all of them (but one); returns how many were open. Each is audited."""
    mine = Session.objects.select_for_update().filter(user_id=user_id, ended_at=None)
    if except_id is not None:
        mine = mine.exclude(pk=except_id)
    if session_id is not None:
        mine = mine.filter(pk=session_id)
    ended = list(mine.order_by("pk"))
    for session in ended:
        session.ended_at, session.end_reason = at, reason
        session.save(update_fields=["ended_at", "end_reason"])
        _audit("session.ended", session, reason=reason)
    return len(ended)


def _audit(action: str, session: Session, **detail: str) -> None:
    """Sessions are a person's, the audit log is a tenant's: it is the one the session was opened in."""
    with tenant_context(session.tenant_id):
        target = f"session:{session.pk}"
        audit.record(action, target=target, detail=detail, user_id=session.user_id)
