"""Reads of usage, shaped for a page. Inside tenant_context; each asks the plan once and the tables once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from uuid import UUID

from metering import entitlements, readings
from metering.errors import QuotaExceeded
from metering.meters import Meter, Shown, percent_of
from metering.models import Reservation, ReservationState
from metering.periods import Period
from metering.readings import PACE_DAYS, Reading

BANNER_PERCENT = 80


@dataclass(frozen=True, kw_only=True)
class UsageRow:
    """One meter now, in shown units. `limit` None is unlimited; `percent` counts what is held, too.

    `limit` has all credits of the period in it, `credits` is what is left of them.
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
    credits: Shown = 0
    is_overridden: bool = False

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
    """The plan of a tenant, its period, and its meters in the order of Meter."""

    plan: str
    period: Period
    rows: list[UsageRow]

    @property
    def fullest(self) -> UsageRow | None:
        """The fullest meter once it is at 80 % or more: what the banner shows. None below."""
        row = max(self.rows, key=lambda row: row.percent)
        return row if row.percent >= BANNER_PERCENT else None


def standing(tenant_id: UUID, at: datetime) -> Standing:
    """The plan and a row for every meter, also those never touched. Two queries."""
    granted = entitlements.for_tenant(tenant_id)
    found = readings.of_meters(tenant_id, granted, at)
    return Standing(plan=granted.plan, period=found[0].period, rows=[_row(reading, at) for reading in found])


def usage(tenant_id: UUID, at: datetime) -> list[UsageRow]:
    """A row for every meter, also those never touched, in the order of Meter."""
    return standing(tenant_id, at).rows


def raise_if_refused(*, tenant_id: UUID, amounts: Mapping[Meter, int], at: datetime) -> None:
    """Raise the QuotaExceeded that `reserve` would raise now. Nothing is held, so the answer may change."""
    granted = entitlements.for_tenant(tenant_id)
    for reading in readings.of_meters(tenant_id, granted, at, meters=amounts):
        amount = amounts[reading.meter]
        if not reading.admits(amount):
            raise QuotaExceeded(
                meter=reading.meter,
                used=reading.used,
                held=reading.held,
                limit=reading.capacity or 0,
                requested=amount,
                resets_at=reading.resets_at,
            )


def tenants_with_lapsed_leases(at: datetime) -> list[UUID]:
    """Tenants that hold capacity under a lease that ended before `at`. Reads all tenants, by the ops role."""
    lapsed = Reservation.everywhere.using("ops").filter(state=ReservationState.HELD, lease_until__lt=at)
    return list(lapsed.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def _row(reading: Reading, at: datetime) -> UsageRow:
    meter, limit = reading.meter, reading.capacity
    return UsageRow(
        meter=meter,
        used=meter.shown(reading.used),
        held=meter.shown(reading.held),
        limit=None if limit is None else meter.shown(limit),
        credits=meter.shown(reading.credits),
        percent=percent_of(reading.taken, limit),
        resets_at=reading.resets_at,
        forecast_runs_out_on=_runs_out_on(reading, at),
        pace=reading.recent / meter.factor / _days_observed(reading, at),
        used_exactly=reading.used,
        is_overridden=reading.override_id is not None,
    )


def _runs_out_on(reading: Reading, at: datetime) -> date | None:
    """The day the limit is reached at the pace of the last 30 days; None when it is not before the reset."""
    limit, end = reading.capacity, reading.resets_at
    if limit is None:
        return None
    if reading.taken >= limit:
        return at.astimezone(UTC).date()
    if reading.recent <= 0:
        return None
    days_left = ceil((limit - reading.taken) * _days_observed(reading, at) / reading.recent)
    horizon = (end - at).days if end else PACE_DAYS * 12
    return at.astimezone(UTC).date() + timedelta(days=days_left) if days_left <= horizon else None


def _days_observed(reading: Reading, at: datetime) -> float:
    if reading.meter.is_level:
        return PACE_DAYS
    # A pace needs a whole day at least: one render in the first hour of a month is no trend.
    return min(max((at - reading.period.starts_at) / timedelta(days=1), 1), PACE_DAYS)
