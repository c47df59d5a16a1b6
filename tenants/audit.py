"""Who did what. Entries are appended in the transaction of the deed, so they commit or vanish together.

The database chains them at commit; see `audit_lines`, `audit_seals` and `audit_verification`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from cutroom import clock
from cutroom.logs import current_request_id
from tenants.context import current_actor
from tenants.models import AuditEntry


def record(
    action: str,
    *,
    target: str = "",
    detail: dict[str, Any] | None = None,
    is_denied: bool = False,
    user_id: UUID | None = None,
    entry_id: UUID | None = None,
) -> AuditEntry:
    """Append an entry for the tenant in context.

    `action` is `noun.verb` such as render.cancelled, `target` names the thing as kind:id, `detail` holds JSON
    without personal data. The actor is the request's principal unless `user_id` names another. An `entry_id`
    of the caller's makes a repeat fail with IntegrityError.
    """
    actor = current_actor()
    return AuditEntry.objects.create(
        id=entry_id or uuid4(),
        at=clock.now(),
        action=action,
        target=target,
        detail=detail or {},
        is_denied=is_denied,
        user_id=user_id or actor.user_id,
        api_key_id=actor.api_key_id,
        session_id=actor.session_id,
        operator_id=actor.operator_id,
        request_id=current_request_id(),
    )
