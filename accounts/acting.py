"""An operator acts as a member: for 30 minutes, with a reason, and with both ids in every audit entry.

It is a session of the member's that names the operator. Why not django-hijack: ADR 10.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest

from accounts import conf, outbox, sessions
from accounts.models import Session, User
from accounts.resolvers import OPERATOR_SESSION_KEY, SESSION_KEY
from tenants.context import tenant_context
from tenants.models import Tenant

LIFE = timedelta(minutes=30)
MAIL_LIFE = timedelta(days=2)
DEVICE = "Cutroom support"
END_REASON = "operator-stopped"


def begin(*, user: User, tenant: Tenant, operator_id: UUID, reason: str, at: datetime) -> Session:
    """Open a session in which the operator acts as `user`, and tell the user by mail.

    It never counts as a recent sign-in, opens no API, and ends by itself. Call inside the tenant's context.
    """
    session = Session.objects.create(
        user=user,
        tenant_id=tenant.pk,
        device=DEVICE,
        created_at=at,
        seen_at=at,
        signed_in_at=at,
        expires_at=at + LIFE,
        operator_id=operator_id,
    )
    context = {"tenant": tenant, "at": at, "until": session.expires_at, "reason": reason}
    outbox.enqueue(
        kind="operator_acted",
        recipient=user.email,
        context={**context, "site_url": conf.site_url()},
        at=at,
        useful_for=MAIL_LIFE,
    )
    return session


def enter(request: HttpRequest, session_id: UUID) -> None:
    """Let this browser be the member; the operator's own session is kept aside."""
    request.session[OPERATOR_SESSION_KEY] = request.session[SESSION_KEY]
    request.session[SESSION_KEY] = str(session_id)
    # A new key, so that a copy of the old cookie stays the operator.
    request.session.cycle_key()


def leave(request: HttpRequest, *, user_id: UUID, session_id: UUID, tenant_id: UUID, at: datetime) -> None:
    """End it, and let this browser be the operator again."""
    with tenant_context(tenant_id):
        sessions.end(user_id=user_id, session_id=session_id, at=at, reason=END_REASON)
    request.session[SESSION_KEY] = request.session.pop(OPERATOR_SESSION_KEY)
    request.session.cycle_key()
