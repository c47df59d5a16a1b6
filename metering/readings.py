"""How meters stand, exactly: counters, limits in force, credits and pace, in one round trip.

The plan is asked through its seam; everything else about any number of meters is one call of `metering_read`
(migration 0006), which finds rows by their keys. Pages, quotes and the API read through here; `ledger.hold`
decides by the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from cutroom import prepared
from metering import entitlements, periods
from metering.entitlements import Entitlements
from metering.meters import Meter, in_use
from metering.periods import LEVEL_START, Period

PACE_DAYS = 30

READ = """
SELECT * FROM metering_read(%(tenant_id)s, %(meters)s::text[], %(periods)s::date[], %(limits)s::bigint[],
    %(slacks)s::integer[], %(at)s, %(since)s)
"""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One meter of one tenant in one period, in the smallest unit.

    `limit` is the plan's or an override's, None is unlimited. `credited` of used and held is paid by credits,
    of which `credits` are left. `recent` is what the last 30 days of the period added.
    """

    meter: Meter
    period: Period
    used: int
    held: int
    credited: int
    limit: int | None
    slack: int
    override_id: int | None
    credits: int
    recent: int

    @property
    def taken(self) -> int:
        """Used plus held."""
        return self.used + self.held

    @property
    def capacity(self) -> int | None:
        """The limit with all credits of the period, used and left; None is unlimited."""
        return None if self.limit is None else self.limit + self.credited + self.credits

    @property
    def resets_at(self) -> datetime | None:
        """When the meter starts again from zero; None for a level."""
        return None if self.meter.is_level else self.period.ends_at

    def admits(self, amount: int) -> bool:
        """Would `amount` more be held now? The same judgement as `metering_hold`."""
        if self.limit is None or self.slack == entitlements.SIMULATED or amount <= 0:
            return True
        by_plan = self.taken - self.credited
        beyond = max(amount - max(self.limit - by_plan, 0), 0)
        by_credits = min(beyond, self.credits)
        ceiling = self.limit + self.limit * self.slack // 100
        return beyond == by_credits or by_plan + amount - by_credits <= ceiling


def of_meter(tenant_id: UUID, meter: Meter, at: datetime) -> Reading:
    """One meter now."""
    granted = entitlements.for_tenant(tenant_id)
    return of_meters(tenant_id, granted, at, meters=[meter])[0]


def of_meters(
    tenant_id: UUID,
    granted: Entitlements,
    at: datetime,
    *,
    meters: Iterable[Meter] | None = None,
    period: Period | None = None,
) -> list[Reading]:
    """The given meters under a plan (or all in use), in their order, also those never touched. One query.

    In the period that `at` lies in unless `period` names another. A level has only one.
    """
    asked = list(meters) if meters is not None else in_use()
    period = period or periods.current(tenant_id, at)
    values = {
        "tenant_id": tenant_id,
        "at": at,
        "since": at.astimezone(UTC).date() - timedelta(days=PACE_DAYS),
        "meters": [meter.value for meter in asked],
        "periods": [_key(meter, period) for meter in asked],
        "limits": [granted.limit(meter) for meter in asked],
        "slacks": [granted.slack(meter) for meter in asked],
    }
    found = {row[0]: row[1:] for row in prepared.fetch_all(READ, values)}
    return [_reading(meter, period, found[meter.value]) for meter in asked]


def _key(meter: Meter, period: Period) -> date:
    return LEVEL_START if meter.is_level else period.start


def _reading(meter: Meter, period: Period, row: tuple[int | None, ...]) -> Reading:
    used, held, credited, limit, slack, override_id, credits, recent = row
    return Reading(
        meter=meter,
        period=period,
        used=used or 0,
        held=held or 0,
        credited=credited or 0,
        limit=limit,
        slack=slack or 0,
        override_id=override_id,
        credits=credits or 0,
        recent=recent or 0,
    )
