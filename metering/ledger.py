"""The moves of the ledger: hold, record, free. Each is one function of the database, so one round trip.

Migrations 0006, 0007 and 0011 to 0013 have them. A hold that the limit does not admit takes a second one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, LiteralString
from uuid import UUID

from cutroom import prepared
from metering.entitlements import Premise
from metering.meters import Meter

HOLD = """
SELECT * FROM metering_hold(
    %(tenant_id)s, %(key)s, %(meters)s::text[], %(periods)s::date[], %(amounts)s::bigint[],
    %(limits)s::bigint[], %(slacks)s::integer[], %(at)s, %(lease_until)s, %(project_id)s::uuid,
    %(user_id)s::uuid)
"""
HOLD_CAREFULLY = """
SELECT * FROM metering_hold_carefully(
    %(tenant_id)s, %(key)s, %(meters)s::text[], %(periods)s::date[], %(amounts)s::bigint[],
    %(limits)s::bigint[], %(slacks)s::integer[], %(at)s, %(lease_until)s, %(project_id)s::uuid,
    %(user_id)s::uuid)
"""
RECORD = """
SELECT period_start, grown, taken FROM metering_record(%(tenant_id)s, %(key)s, %(reservation_key)s, %(meter)s,
    %(amount)s, %(period_start)s, %(day)s, %(at)s, %(lease_until)s::timestamptz, %(subject)s,
    %(project_id)s::uuid, %(user_id)s::uuid, %(detail)s::jsonb)
"""
CHARGE = """
SELECT * FROM metering_charge(%(tenant_id)s, %(key)s, %(meter)s, %(period_start)s, %(amount)s,
    %(limit)s::bigint, %(slack)s, %(day)s, %(at)s, %(lease_until)s, %(subject)s, %(project_id)s::uuid,
    %(user_id)s::uuid, """
FREE = "SELECT metering_free(%(tenant_id)s, %(key)s, %(at)s, %(is_lapsed)s)"


@dataclass(frozen=True, kw_only=True)
class Want:
    """What one meter is asked for, in the smallest unit. `limit` is the plan's (None is unlimited), `slack`
    the percentage above it that is still admitted."""

    meter: Meter
    period_start: date
    amount: int
    limit: int | None
    slack: int = 0


@dataclass(frozen=True, kw_only=True)
class Holding:
    """How a counter stands after a hold, or why there was none: `is_admitted` False means it is too full.

    `limit` and `slack` are those in force, `credits` is what lots have left beside the `credited` part.
    """

    meter: Meter
    is_admitted: bool
    used: int
    held: int
    credited: int
    limit: int | None
    slack: int
    credits: int

    @property
    def taken(self) -> int:
        """Used plus held."""
        return self.used + self.held

    @property
    def capacity(self) -> int | None:
        """The limit with all credits of the period, used and left; None is unlimited."""
        return None if self.limit is None else self.limit + self.credited + self.credits


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line to record. A line with a `reservation_key` uses up what that key holds, in its period."""

    key: str
    reservation_key: str | None
    meter: Meter
    amount: int
    period_start: date
    at: datetime
    subject: str
    lease_until: datetime | None = None
    project_id: UUID | None = None
    user_id: UUID | None = None
    detail: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Move:
    """What a counter has taken (used plus held) before and after it moved."""

    meter: Meter
    period_start: date
    before: int
    after: int


def hold(
    *,
    tenant_id: UUID,
    key: str,
    wants: Iterable[Want],
    at: datetime,
    lease_until: datetime,
    project_id: UUID | None,
    user_id: UUID | None,
) -> list[Holding]:
    """Hold every want under `key`, or none: then the last holding is not admitted.

    Meters that `key` reserved before are neither held again nor judged again, and are not in the answer.
    """
    # Everybody locks counters in one order (levels last, then by name), so no two can wait for each other.
    ordered = sorted(wants, key=lambda want: (want.meter.is_level, want.meter.value))
    parameters: dict[str, Any] = {
        "tenant_id": tenant_id,
        "key": key,
        "meters": _array(want.meter.value for want in ordered),
        "periods": _array(want.period_start for want in ordered),
        "amounts": _array(want.amount for want in ordered),
        "limits": _array(want.limit for want in ordered),
        "slacks": _array(want.slack for want in ordered),
        "at": at,
        "lease_until": lease_until,
        "project_id": project_id,
        "user_id": user_id,
    }
    rows = prepared.fetch_all(HOLD, parameters)
    if rows and not _is_admitted(rows[-1]):
        rows = prepared.fetch_all(HOLD_CAREFULLY, parameters)
    return [_holding(*row) for row in rows]


def record(*, tenant_id: UUID, line: Line) -> Move | None:
    """Write a line, its daily sum and its counter. None when the key was recorded before: nothing moves."""
    detail = json.dumps(line.detail) if line.detail else "{}"
    rows = prepared.fetch_all(RECORD, {**_values(tenant_id, line), "detail": detail})
    return _move(line.meter, *rows[0]) if rows else None


def charge(
    *, tenant_id: UUID, want: Want, line: Line, premise: Premise
) -> tuple[Holding | None, Move | None] | None:
    """Hold `want` under the line's key and use it up by the line, without its detail. None: premise is false.

    No holding: the key held before. No move: it was recorded before. A holding that is not admitted did
    nothing; `hold` may still admit it by credits.
    """
    values = {**_values(tenant_id, line), "limit": want.limit, "slack": want.slack, **premise.values}
    rows = prepared.fetch_all(_charge_if(premise.condition), values)
    if not rows:
        return None
    [(is_admitted, *held, period_start, grown, after)] = rows
    holding = None if is_admitted is None else _holding(want.meter.value, is_admitted, *held)
    return holding, None if after is None else _move(line.meter, period_start, grown, after)


def free(*, tenant_id: UUID, key: str, at: datetime, is_lapsed: bool = False) -> int:
    """Give back what `key` holds; `is_lapsed`: only where the lease ended before `at`. How many meters."""
    values = {"tenant_id": tenant_id, "key": key, "at": at, "is_lapsed": is_lapsed}
    return int(prepared.fetch_all(FREE, values)[0][0])


def _values(tenant_id: UUID, line: Line) -> dict[str, Any]:
    day = line.at.astimezone(UTC).date()
    return {**vars(line), "tenant_id": tenant_id, "meter": line.meter.value, "day": day}


@cache
def _charge_if(condition: LiteralString) -> LiteralString:
    return "".join([CHARGE, condition, ")"])


def _move(meter: Meter, period_start: date, grown: int, after: int) -> Move:
    return Move(meter=meter, period_start=period_start, before=after - grown, after=after)


def _is_admitted(row: tuple[Any, ...]) -> bool:
    return bool(row[1])


def _holding(
    meter: str,
    is_admitted: bool,
    used: int,
    held: int,
    credited: int,
    limit: int | None,
    slack: int,
    credits: int,
) -> Holding:
    return Holding(
        meter=Meter(meter),
        is_admitted=is_admitted,
        used=used,
        held=held,
        credited=credited,
        limit=limit,
        slack=slack,
        credits=credits,
    )


def _array(values: Iterable[object]) -> str:
    """An array as PostgreSQL reads it, of words, numbers and dates: quicker than a list that is adapted."""
    words = ("null" if value is None else str(value) for value in values)
    return f"{{{','.join(words)}}}"
