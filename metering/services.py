"""Writes to usage. Start here: `reserve` before work, `settle` as it is done, `release` what is left.

Call everything inside tenant_context. Amounts are integers in the smallest unit (pieces, milliseconds,
bytes), keys are the caller's and count once for ever, `at` is aware. Who moves several meters in one
transaction moves them by name and levels last, as everybody does, so that nobody deadlocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from cutroom import clock
from metering import conf, entitlements, ledger, readings, simulation, thresholds
from metering.entitlements import Entitlements, Premise
from metering.errors import PlanRequired, QuotaExceeded
from metering.meters import Meter
from metering.models import Reservation, ReservationState
from metering.periods import period_start, resets_at


def reserve(
    *,
    tenant_id: UUID,
    key: str,
    amounts: Mapping[Meter, int],
    at: datetime,
    project_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """Hold capacity for work that is about to start: all meters, or none and QuotaExceeded.

    A repeat with the same key holds nothing more, whatever became of the first, so a retried request is never
    charged twice; work that needs capacity anew takes a new key. Amounts of zero are always admitted.
    `project_id` and `user_id` are written on every ledger line that settles this reservation, unless that
    line names its own. Capacity comes back by itself METERING_LEASE_SECONDS after the last settle.
    """
    wants = _wants(tenant_id, amounts, at)
    if not wants:
        return
    holdings = ledger.hold(
        tenant_id=tenant_id,
        key=key,
        wants=wants.values(),
        at=at,
        lease_until=_lease(at),
        project_id=project_id,
        user_id=user_id,
    )
    if holdings and not holdings[-1].is_admitted:
        raise _refusal(tenant_id, holdings[-1], wants[holdings[-1].meter], at)
    for holding in holdings:
        _observe_hold(tenant_id, key, holding, wants[holding.meter], at)


def settle(
    *,
    tenant_id: UUID,
    reservation_key: str,
    event_key: str,
    meter: Meter,
    amount: int,
    subject: str,
    at: datetime,
    project_id: UUID | None = None,
    user_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Turn part of a reservation into usage, once per `event_key`.

    The line belongs to the period that reserved it, also after the month has turned. Work done is always
    recorded: beyond what is held, above the limit, and without any reservation (then in the period of `at`).
    """
    _not_negative(amount)
    line = ledger.Line(
        key=event_key,
        reservation_key=reservation_key,
        meter=meter,
        amount=amount,
        period_start=period_start(tenant_id, meter, at),
        at=at,
        subject=subject,
        lease_until=_lease(at),
        project_id=project_id,
        user_id=user_id,
        detail=detail,
    )
    _record(tenant_id, line)


def release(*, tenant_id: UUID, reservation_key: str) -> None:
    """Give back what a reservation still holds, on all its meters. Again, or for an unknown key: nothing."""
    ledger.free(tenant_id=tenant_id, key=reservation_key, at=clock.now())


def charge(
    *,
    tenant_id: UUID,
    event_key: str,
    meter: Meter,
    amount: int,
    subject: str,
    at: datetime,
    project_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """Reserve and settle in one step, for work that is done at once. Raises QuotaExceeded; once per key."""
    line = ledger.Line(
        key=event_key,
        reservation_key=event_key,
        meter=meter,
        amount=_not_negative(amount),
        period_start=period_start(tenant_id, meter, at),
        at=at,
        subject=subject,
        lease_until=_lease(at),
        project_id=project_id,
        user_id=user_id,
    )
    if amount == 0:
        _record(tenant_id, line)
        return
    for granted, premise in entitlements.attempts(tenant_id):
        if _charged(tenant_id, line, granted, premise):
            return


def record_level(
    *,
    tenant_id: UUID,
    event_key: str,
    meter: Meter,
    delta: int,
    subject: str,
    at: datetime,
    project_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """Let a level rise or fall by `delta`, once per key. Never refused: what is stored is stored.

    Whoever wants to be refused first asks with `charge`. Raises ValueError for a meter that is no level.
    """
    if not meter.is_level:
        raise ValueError(f"{meter.value} is consumed, not kept; use settle or charge")
    line = ledger.Line(
        key=event_key,
        reservation_key=None,
        meter=meter,
        amount=delta,
        period_start=period_start(tenant_id, meter, at),
        at=at,
        subject=subject,
        project_id=project_id,
        user_id=user_id,
    )
    _record(tenant_id, line)


def require_feature(*, tenant_id: UUID, feature: str) -> None:
    """Raise PlanRequired unless the plan of the tenant has `feature` ("4k", "publish").

    Raises FeatureNotOffered when no plan has it.
    """
    if feature not in entitlements.for_tenant(tenant_id).features:
        raise PlanRequired(feature=feature, plan=entitlements.smallest_plan_with(feature))


def release_expired(*, tenant_id: UUID, at: datetime) -> int:
    """Release what reservations hold whose lease ended before `at`. How many meters were given back.

    The lease is judged again under the row's lock, so a settle that comes first keeps its reservation.
    """
    lapsed = Reservation.objects.filter(state=ReservationState.HELD, lease_until__lt=at)
    keys = sorted(set(lapsed.values_list("key", flat=True)))
    return sum(ledger.free(tenant_id=tenant_id, key=key, at=at, is_lapsed=True) for key in keys)


def _not_negative(amount: int) -> int:
    if amount < 0:
        raise ValueError(f"An amount is a number of pieces, milliseconds or bytes, not {amount}")
    return amount


def _charged(tenant_id: UUID, line: ledger.Line, granted: Entitlements, premise: Premise) -> bool:
    """Charge a line by what the plan grants; False when the premise of that turned out to be false."""
    want = _want(granted, line.meter, line.period_start, line.amount)
    outcome = ledger.charge(tenant_id=tenant_id, want=want, line=line, premise=premise)
    if outcome is None:
        return False
    holding, move = outcome
    if holding and not holding.is_admitted:
        _charge_in_two(tenant_id, line)
        return True
    if holding:
        _observe_hold(tenant_id, line.key, holding, want, line.at)
    _observe_move(tenant_id, line, move)
    return True


def _charge_in_two(tenant_id: UUID, line: ledger.Line) -> None:
    reserve(
        tenant_id=tenant_id,
        key=line.key,
        amounts={line.meter: line.amount},
        at=line.at,
        project_id=line.project_id,
        user_id=line.user_id,
    )
    _record(tenant_id, line)


def _wants(tenant_id: UUID, amounts: Mapping[Meter, int], at: datetime) -> dict[Meter, ledger.Want]:
    granted = entitlements.for_tenant(tenant_id)
    return {
        meter: _want(granted, meter, period_start(tenant_id, meter, at), amount)
        for meter, amount in amounts.items()
        if _not_negative(amount) > 0
    }


def _want(granted: Entitlements, meter: Meter, start: date, amount: int) -> ledger.Want:
    limit, slack = granted.limit(meter), granted.slack(meter)
    return ledger.Want(meter=meter, period_start=start, amount=amount, limit=limit, slack=slack)


def _lease(at: datetime) -> datetime:
    return at + timedelta(seconds=conf.lease_seconds())


def _record(tenant_id: UUID, line: ledger.Line) -> None:
    _observe_move(tenant_id, line, ledger.record(tenant_id=tenant_id, line=line))


def _observe_move(tenant_id: UUID, line: ledger.Line, move: ledger.Move | None) -> None:
    # Settling what was held leaves the sum as it was, so the common case needs no limit.
    if move is not None and move.before != move.after:
        reading = readings.of_meter(tenant_id, line.meter, line.at)
        thresholds.observe(tenant_id=tenant_id, move=move, limit=reading.capacity, at=line.at)


def _observe_hold(
    tenant_id: UUID, key: str, holding: ledger.Holding, want: ledger.Want, at: datetime
) -> None:
    before = holding.taken - want.amount
    move = ledger.Move(meter=want.meter, period_start=want.period_start, before=before, after=holding.taken)
    thresholds.observe(tenant_id=tenant_id, move=move, limit=holding.capacity, at=at)
    if holding.slack == entitlements.SIMULATED:
        simulation.observe(key=key, move=move, limit=holding.capacity, at=at)


def _refusal(tenant_id: UUID, holding: ledger.Holding, want: ledger.Want, at: datetime) -> QuotaExceeded:
    return QuotaExceeded(
        meter=want.meter,
        used=holding.used,
        held=holding.held,
        limit=holding.capacity or 0,
        requested=want.amount,
        resets_at=resets_at(tenant_id, want.meter, at),
    )
