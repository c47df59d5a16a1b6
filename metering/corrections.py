"""Corrections of usage: always new lines of the ledger, never edits. Inside tenant_context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from cutroom.errors import InvalidInput
from metering import allowances, ledger, periods, snapshot
from metering.meters import Meter
from metering.models import QuotaCounter, UsageEvent
from tenants import audit
from tenants.context import current_tenant_id


@dataclass(frozen=True, kw_only=True)
class Reset:
    """What a reset gives back of one meter, in the smallest unit."""

    meter: Meter
    amount: int


def correct(
    *, line: UsageEvent, amount: int, key: str, reason: str, author_id: UUID | None, at: datetime
) -> bool:
    """Add a line of `amount` (signed, smallest unit) beside another, in its period and project; once per key.

    False when `key` was recorded before. Raises InvalidInput for a reason of fewer than ten characters, or
    when more would be taken back than that other line says, earlier corrections of it included.
    """
    allowances.require_reason(reason)
    if UsageEvent.objects.filter(key=key).exists():
        return False
    left = _left_of(line)
    if line.amount >= 0 and amount < 0 and left + amount < 0:
        detail = f"The line has {left} left; no more than that can be taken back."
        raise InvalidInput(errors=[{"field": "amount", "code": "too_much", "detail": detail}])
    written = ledger.Line(
        key=key,
        reservation_key=None,
        meter=Meter(line.meter),
        amount=amount,
        period_start=line.period_start,
        at=at,
        subject=line.subject,
        project_id=line.project_id,
        user_id=line.user_id,
        detail={"corrects": line.key, "reason": reason},
    )
    if ledger.record(tenant_id=current_tenant_id(), line=written) is None:
        return False
    detail_of = {"corrects": line.key, "meter": line.meter, "amount": amount, "reason": reason}
    audit.record("usage.corrected", target=f"usage:{key}", detail=detail_of, user_id=author_id)
    snapshot.forget_after_commit(current_tenant_id())
    return True


def resets(*, at: datetime, meter: Meter | None = None) -> list[Reset]:
    """What `reset` would give back now, by meter. What credits paid for stays paid; levels never reset."""
    start = periods.current(current_tenant_id(), at).start
    counters = QuotaCounter.objects.filter(period_start=start).order_by("meter").select_for_update()
    if meter is not None:
        counters = counters.filter(meter=meter)
    found = [
        Reset(meter=Meter(each.meter), amount=each.used - min(each.used, each.credited)) for each in counters
    ]
    return [each for each in found if each.amount > 0]


def reset(*, at: datetime, reason: str, author_id: UUID | None, meter: Meter | None = None) -> list[Reset]:
    """Grant a fresh allowance for this period: a line that takes back what was used of the plan.

    The lines before it stay, work that is running keeps what it holds, and again gives back nothing more.
    Raises InvalidInput for a reason of fewer than ten characters.
    """
    allowances.require_reason(reason)
    tenant_id = current_tenant_id()
    given = resets(at=at, meter=meter)
    for each in given:
        line = ledger.Line(
            key=f"reset:{each.meter}:{at.isoformat()}",
            reservation_key=None,
            meter=each.meter,
            amount=-each.amount,
            period_start=periods.period_start(tenant_id, each.meter, at),
            at=at,
            subject="reset",
            detail={"reason": reason},
        )
        ledger.record(tenant_id=tenant_id, line=line)
    if given:
        detail = {"amounts": {each.meter.value: each.amount for each in given}, "reason": reason}
        audit.record("quota.reset", target=f"tenant:{tenant_id}", detail=detail, user_id=author_id)
        snapshot.forget_after_commit(tenant_id)
    return given


def _left_of(line: UsageEvent) -> int:
    """A line's amount with all corrections of it. Locks the counter, so that two corrections take turns."""
    counters = QuotaCounter.objects.filter(meter=line.meter, period_start=line.period_start)
    counters.select_for_update().first()
    corrected = UsageEvent.objects.filter(subject=line.subject, detail__corrects=line.key)
    return int(line.amount + (corrected.aggregate(total=Sum("amount"))["total"] or 0))
