"""What an operator or a purchase changes about one tenant's limits: overrides and credits.

Inside tenant_context of that tenant. Every change is audited in its own transaction and forgets the
snapshot. An override replaces or raises a limit until it ends; credits are used when a limit is full, those
that expire soonest first (migration 0006), and last until they are used or expire.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from cutroom.errors import InvalidInput
from metering import snapshot
from metering.meters import Meter
from metering.models import CreditLot, LimitOverride, OverrideKind
from tenants import audit
from tenants.context import current_tenant_id

SHORTEST_REASON = 10


def override_limit(
    *,
    meter: Meter,
    limit: int | None,
    reason: str,
    author_id: UUID | None,
    at: datetime,
    kind: OverrideKind = OverrideKind.AT_LEAST,
    expires_at: datetime | None = None,
    slack: int | None = None,
) -> LimitOverride:
    """Give the tenant its own limit, in the smallest unit, until `expires_at`; ends the one before.

    AT_LEAST raises what the plan grants, EXACTLY replaces it, also downwards; None is unlimited. `slack`
    replaces the plan's (see Entitlements). Raises InvalidInput for a reason of fewer than ten characters, a
    negative limit or an end in the past.
    """
    require_reason(reason)
    if limit is not None and limit < 0:
        raise _refused("limit", "negative", "A limit is zero or more.")
    _require_future(expires_at, at)
    open_overrides(meter).update(ended_at=at)
    override = LimitOverride.objects.create(
        meter=meter,
        kind=kind,
        limit_amount=limit,
        slack_percent=slack,
        reason=reason,
        author_id=author_id,
        created_at=at,
        expires_at=expires_at,
    )
    detail = {"meter": meter.value, "kind": kind.value, "limit": limit, "reason": reason}
    detail |= {"expires_at": expires_at.isoformat() if expires_at else None}
    audit.record("limit.overridden", target=f"override:{override.pk}", detail=detail, user_id=author_id)
    snapshot.forget_after_commit(current_tenant_id())
    return override


def end_override(*, meter: Meter, reason: str, author_id: UUID | None, at: datetime) -> bool:
    """Go back to what the plan grants; False when there was no override. Raises InvalidInput."""
    require_reason(reason)
    ended = open_overrides(meter).update(ended_at=at)
    if ended:
        detail = {"meter": meter.value, "reason": reason}
        audit.record("limit.restored", target=f"meter:{meter.value}", detail=detail, user_id=author_id)
        snapshot.forget_after_commit(current_tenant_id())
    return bool(ended)


def add_credits(
    *,
    key: str,
    meter: Meter,
    amount: int,
    reason: str,
    author_id: UUID | None,
    at: datetime,
    expires_at: datetime | None = None,
) -> CreditLot:
    """Add a lot of credits, once per `key` (the payment, the gift): a repeat returns the first lot.

    Raises InvalidInput for an amount of nothing, a level (give it a larger limit instead), a reason of fewer
    than ten characters or an end in the past.
    """
    require_reason(reason)
    if meter.is_level:
        raise _refused("meter", "level", "Storage is kept, not used up. Give it a larger limit instead.")
    if amount <= 0:
        raise _refused("amount", "nothing", "Credits are more than nothing.")
    _require_future(expires_at, at)
    values = {"meter": meter, "amount": amount, "remaining": amount, "expires_at": expires_at}
    values |= {"reason": reason, "author_id": author_id, "created_at": at}
    lot, is_new = CreditLot.objects.get_or_create(key=key, defaults=values)
    if is_new:
        detail = {"meter": meter.value, "amount": amount, "reason": reason}
        audit.record("credits.added", target=f"credits:{lot.pk}", detail=detail, user_id=author_id)
        snapshot.forget_after_commit(current_tenant_id())
    return lot


def require_reason(reason: str) -> None:
    """Raise InvalidInput for a reason nobody could understand a year from now."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise _refused("reason", "short", f"Say why, in {SHORTEST_REASON} characters or more.")


def open_overrides(meter: Meter) -> QuerySet[LimitOverride]:
    """The override of `meter` that was not ended, if any; it may have expired."""
    return LimitOverride.objects.filter(meter=meter, ended_at=None)


def _require_future(expires_at: datetime | None, at: datetime) -> None:
    if expires_at is not None and expires_at <= at:
        raise _refused("expires_at", "past", "The end has to be in the future.")


def _refused(field: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "code": code, "detail": detail}])
