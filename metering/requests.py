"""A tenant asks for a higher limit; an operator grants it as an override, or declines.

Inside tenant_context of the tenant that asked.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from cutroom.errors import InvalidInput
from metering import allowances, notices, readings
from metering.errors import RequestAnswered, RequestWaits
from metering.meters import Meter
from metering.models import LimitRequest, NoticeKind, RequestState
from tenants import audit
from tenants.context import current_tenant_id


def ask(*, meter: Meter, wanted: int, note: str, user_id: UUID | None, at: datetime) -> LimitRequest:
    """Ask for a limit of `wanted`, in the smallest unit. The request waits for an operator.

    Raises InvalidInput when that is not more than the limit now, RequestWaits while an earlier one is open.
    """
    limit = readings.of_meter(current_tenant_id(), meter, at).limit
    if limit is None or wanted <= limit:
        now = "unlimited" if limit is None else f"{meter.shown(limit)} {meter.unit_word}".strip()
        detail = f"Your limit is {now}. Ask for more than that."
        raise InvalidInput(errors=[{"field": "wanted", "code": "not_more", "detail": detail}])
    try:
        with transaction.atomic():
            request = LimitRequest.objects.create(
                meter=meter,
                wanted_amount=wanted,
                limit_amount=limit,
                note=note,
                asked_by=user_id,
                created_at=at,
            )
    except IntegrityError:
        raise RequestWaits from None
    detail_of = {"meter": meter.value, "wanted": wanted, "limit": limit}
    audit.record("limit.requested", target=f"limit-request:{request.pk}", detail=detail_of)
    return request


def grant(
    *,
    request_id: UUID,
    limit: int | None,
    reason: str,
    operator_id: UUID | None,
    at: datetime,
    expires_at: datetime | None = None,
) -> LimitRequest:
    """Grant a request as an override of at least `limit`, and tell whoever asked.

    Raises RequestAnswered when it was answered before, InvalidInput as `override_limit` does.
    """
    request = _open(request_id)
    request.override = allowances.override_limit(
        meter=Meter(request.meter),
        limit=limit,
        reason=reason,
        author_id=operator_id,
        at=at,
        expires_at=expires_at,
    )
    return _answer(request, state=RequestState.GRANTED, answer=reason, operator_id=operator_id, at=at)


def decline(*, request_id: UUID, reason: str, operator_id: UUID | None, at: datetime) -> LimitRequest:
    """Decline a request, and tell whoever asked why. Raises RequestAnswered, InvalidInput for no reason."""
    allowances.require_reason(reason)
    request = _open(request_id)
    detail = {"meter": request.meter, "reason": reason}
    audit.record("limit.declined", target=f"limit-request:{request.pk}", detail=detail, user_id=operator_id)
    return _answer(request, state=RequestState.DECLINED, answer=reason, operator_id=operator_id, at=at)


def _open(request_id: UUID) -> LimitRequest:
    request = LimitRequest.objects.select_for_update().get(pk=request_id)
    if request.state != RequestState.OPEN:
        raise RequestAnswered
    return request


def _answer(
    request: LimitRequest, *, state: RequestState, answer: str, operator_id: UUID | None, at: datetime
) -> LimitRequest:
    request.state, request.answer, request.decided_by, request.decided_at = state, answer, operator_id, at
    request.save()
    notices.write(
        key=f"limit-request:{request.pk}",
        kind=NoticeKind(state.value),
        meter=Meter(request.meter),
        detail={
            "wanted": request.wanted_amount,
            "limit": request.override.limit_amount if request.override else request.limit_amount,
            "answer": answer,
        },
        at=at,
        user_id=request.asked_by,
    )
    return request
