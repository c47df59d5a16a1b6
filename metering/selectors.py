"""Reads of usage, shaped for a page. Inside tenant_context; each asks the plan once and the tables once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import cast
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Sum

from metering import entitlements
from metering.errors import QuotaExceeded
from metering.meters import Meter, Shown, percent_of
from metering.models import QuotaCounter, Reservation, ReservationState, UsageDaily
from metering.periods import LEVEL_START, month_of, period_start, resets_at

BANNER_PERCENT = 80
FORECAST_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class UsageRow:
    """One meter now, in shown units. `limit` None is unlimited; `percent` counts what is held, too.

    `pace` is what the last 30 days of the period added a day, `used_exactly` is `used` in the smallest unit.
    """

    meter: Meter
    used: Shown
    held: Shown
    limit: Shown | None
    percent: float
    resets_at: datetime | None
    forecast_runs_out_on: date | None
    pace: float = 0.0
    used_exactly: int = 0

    @property
    def unit(self) -> str:
        """The unit of used, held and limit."""
        return self.meter.unit

    @property
    def taken(self) -> Shown:
        """Used plus held."""
        return round(self.used + self.held, 3)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The plan of a tenant, and its meters in the order of Meter."""

    plan: str
    rows: list[UsageRow]

    @property
    def fullest(self) -> UsageRow | None:
        """The fullest meter once it is at 80 % or more: what the banner shows. None below."""
        row = max(self.rows, key=lambda row: row.percent)
        return row if row.percent >= BANNER_PERCENT else None


def standing(tenant_id: UUID, at: datetime) -> Standing:
    """The plan and a row for every meter, also those never touched. Two queries."""
    granted = entitlements.for_tenant(tenant_id)
    counters = {counter.meter: counter for counter in _counters(tenant_id, at)}
    rows = [_row(meter, counters.get(meter.value), granted.limit(meter), at) for meter in Meter]
    return Standing(plan=granted.plan, rows=rows)


def usage(tenant_id: UUID, at: datetime) -> list[UsageRow]:
    """A row for every meter, also those never touched, in the order of Meter."""
    return standing(tenant_id, at).rows


def raise_if_refused(*, tenant_id: UUID, amounts: Mapping[Meter, int], at: datetime) -> None:
    """Raise the QuotaExceeded that `reserve` would raise now. Nothing is held, so the answer may change."""
    granted = entitlements.for_tenant(tenant_id)
    counters = {counter.meter: counter for counter in _counters(tenant_id, at)}
    for meter, amount in amounts.items():
        limit = granted.limit(meter)
        counter = counters.get(meter.value, QuotaCounter(used=0, held=0))
        if limit is not None and amount > 0 and counter.used + counter.held + amount > limit:
            raise QuotaExceeded(
                meter=meter,
                used=counter.used,
                held=counter.held,
                limit=limit,
                requested=amount,
                resets_at=resets_at(meter, at),
            )


def tenants_with_lapsed_leases(at: datetime) -> list[UUID]:
    """Tenants that hold capacity under a lease that ended before `at`. Reads all tenants, by the ops role."""
    lapsed = Reservation.everywhere.using("ops").filter(state=ReservationState.HELD, lease_until__lt=at)
    return list(lapsed.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def _counters(tenant_id: UUID, at: datetime) -> QuerySet[QuotaCounter]:
    """The counters in force, each with `recent`: what the last 30 days of its period added."""
    since = at.astimezone(UTC).date() - timedelta(days=FORECAST_DAYS)
    days = UsageDaily.objects.filter(
        tenant_id=OuterRef("tenant_id"),
        meter=OuterRef("meter"),
        period_start=OuterRef("period_start"),
        day__gt=since,
    )
    recent = days.order_by().values("meter").annotate(total=Sum("amount")).values("total")
    in_force = QuotaCounter.objects.filter(
        tenant_id=tenant_id, period_start__in=[LEVEL_START, month_of(at).start]
    )
    return cast("QuerySet[QuotaCounter]", in_force.annotate(recent=Subquery(recent)))


def _row(meter: Meter, counter: QuotaCounter | None, limit: int | None, at: datetime) -> UsageRow:
    used, held = (counter.used, counter.held) if counter else (0, 0)
    recent = int(getattr(counter, "recent", None) or 0)
    return UsageRow(
        meter=meter,
        used=meter.shown(used),
        held=meter.shown(held),
        limit=None if limit is None else meter.shown(limit),
        percent=percent_of(used + held, limit),
        resets_at=resets_at(meter, at),
        forecast_runs_out_on=_runs_out_on(meter, used + held, limit, recent=recent, at=at),
        pace=recent / meter.factor / _days_observed(meter, at),
        used_exactly=used,
    )


def _runs_out_on(meter: Meter, taken: int, limit: int | None, *, recent: int, at: datetime) -> date | None:
    """The day the limit is reached at the pace of the last 30 days; None when it is not before the reset."""
    if limit is None:
        return None
    if taken >= limit:
        return at.astimezone(UTC).date()
    if recent <= 0:
        return None
    days_left = ceil((limit - taken) * _days_observed(meter, at) / recent)
    end = resets_at(meter, at)
    horizon = (end - at).days if end else FORECAST_DAYS * 12
    return at.astimezone(UTC).date() + timedelta(days=days_left) if days_left <= horizon else None


def _days_observed(meter: Meter, at: datetime) -> float:
    # A pace needs a whole day at least: one render in the first hour of a month is no trend.
    began = datetime.combine(period_start(meter, at), time(), UTC)
    return min(max((at - began) / timedelta(days=1), 1), FORECAST_DAYS)
