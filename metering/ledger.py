"""The statements that move usage: hold, take back, free, record. Each is one statement, so one round trip.

All counters are moved by the same `INSERT … ON CONFLICT DO UPDATE`: it creates the counter of a new period,
locks the newest version of an old one and judges its WHERE on that version, so no read can be stale. Rows are
taken in one order everywhere (levels last, then by name), so two moves cannot wait for each other.
PostgreSQL: https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from metering.meters import Meter

HOLD = """
WITH wanted AS (
    SELECT * FROM unnest(%(meters)s::text[], %(periods)s::date[], %(amounts)s::bigint[], %(limits)s::bigint[])
        AS w (meter, period_start, amount, ceiling)
), fresh AS (
    INSERT INTO metering_reservation
        (tenant_id, key, meter, period_start, amount_held, state, lease_until, project_id, user_id, created_at)
    SELECT %(tenant_id)s, %(key)s, meter, period_start, amount, 'held', %(lease_until)s,
        %(project_id)s::uuid, %(user_id)s::uuid, %(at)s
    FROM wanted ORDER BY period_start DESC, meter
    ON CONFLICT (tenant_id, key, meter) DO NOTHING
    RETURNING meter
), granted AS (
    INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
    SELECT %(tenant_id)s, meter, period_start, 0, amount FROM wanted JOIN fresh USING (meter)
    WHERE ceiling IS NULL OR amount <= ceiling
    ORDER BY period_start DESC, meter
    ON CONFLICT (tenant_id, meter, period_start) DO UPDATE SET held = c.held + excluded.held
    WHERE (SELECT w.ceiling IS NULL OR c.used + c.held + excluded.held <= w.ceiling
           FROM wanted AS w WHERE w.meter = excluded.meter)
    RETURNING c.meter, c.used + c.held AS taken
)
SELECT meter, granted.taken FROM fresh LEFT JOIN granted USING (meter)
"""

TAKE_BACK = """
WITH gone AS (
    DELETE FROM metering_reservation
    WHERE tenant_id = %(tenant_id)s AND key = %(key)s AND meter = ANY(%(fresh)s)
    RETURNING meter, period_start, amount_held
)
UPDATE metering_quotacounter AS c SET held = c.held - gone.amount_held FROM gone
WHERE c.tenant_id = %(tenant_id)s AND c.meter = gone.meter AND c.period_start = gone.period_start
    AND gone.meter = ANY(%(granted)s)
"""

RECORD = """
WITH reserved AS (
    SELECT id, period_start, amount_held, project_id, user_id FROM metering_reservation
    WHERE tenant_id = %(tenant_id)s AND key = %(reservation_key)s AND meter = %(meter)s
    FOR UPDATE
), event AS (
    INSERT INTO metering_usageevent
        (tenant_id, key, meter, amount, period_start, at, project_id, subject, user_id, detail)
    SELECT %(tenant_id)s, %(event_key)s, %(meter)s, %(amount)s, coalesce(reserved.period_start, %(period_start)s),
        %(at)s, coalesce(reserved.project_id, %(project_id)s::uuid), %(subject)s,
        coalesce(reserved.user_id, %(user_id)s::uuid), %(detail)s::jsonb
    FROM (SELECT) AS given LEFT JOIN reserved ON true
    ON CONFLICT (tenant_id, key) DO NOTHING
    RETURNING amount, period_start
), used_up AS (
    UPDATE metering_reservation AS r
    SET amount_held = r.amount_held - least(r.amount_held, event.amount),
        state = CASE WHEN event.amount >= r.amount_held THEN 'settled' ELSE r.state END,
        lease_until = greatest(r.lease_until, %(lease_until)s)
    FROM reserved, event WHERE r.id = reserved.id AND r.state = 'held'
    RETURNING least(reserved.amount_held, event.amount) AS amount
), counter AS (
    INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
    SELECT %(tenant_id)s, %(meter)s, period_start, amount, 0 FROM event
    ON CONFLICT (tenant_id, meter, period_start) DO UPDATE
    SET used = c.used + excluded.used, held = c.held - coalesce((SELECT amount FROM used_up), 0)
    RETURNING c.used + c.held AS taken
), daily AS (
    INSERT INTO metering_usagedaily AS d (tenant_id, meter, period_start, day, amount)
    SELECT %(tenant_id)s, %(meter)s, period_start, %(day)s, amount FROM event
    ON CONFLICT (tenant_id, meter, period_start, day) DO UPDATE SET amount = d.amount + excluded.amount
)
SELECT event.period_start, event.amount - coalesce((SELECT amount FROM used_up), 0), counter.taken
FROM event, counter
"""

FREE = """
WITH rest AS (
    SELECT id, meter, period_start, amount_held FROM metering_reservation
    WHERE tenant_id = %(tenant_id)s AND key = %(key)s AND state = 'held'
        AND (%(lapsed_at)s::timestamptz IS NULL OR lease_until < %(lapsed_at)s)
    ORDER BY period_start DESC, meter FOR UPDATE
), closed AS (
    UPDATE metering_reservation AS r SET state = 'released', amount_held = 0 FROM rest WHERE r.id = rest.id
    RETURNING rest.meter, rest.period_start, rest.amount_held
)
INSERT INTO metering_quotacounter AS c (tenant_id, meter, period_start, used, held)
SELECT %(tenant_id)s, meter, period_start, 0, 0 FROM closed ORDER BY period_start DESC, meter
ON CONFLICT (tenant_id, meter, period_start) DO UPDATE
SET held = c.held - (SELECT amount_held FROM closed WHERE closed.meter = excluded.meter)
"""


@dataclass(frozen=True, kw_only=True)
class Want:
    """What one meter is asked for: `amount` under `limit` (None is unlimited), in the smallest unit."""

    meter: Meter
    period_start: date
    amount: int
    limit: int | None


@dataclass(frozen=True, kw_only=True)
class Move:
    """What a counter has taken (used plus held) before and after it moved."""

    meter: Meter
    period_start: date
    before: int
    after: int


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


def hold(
    *,
    tenant_id: UUID,
    key: str,
    wants: Sequence[Want],
    at: datetime,
    lease_until: datetime,
    project_id: UUID | None,
    user_id: UUID | None,
) -> dict[Meter, int | None]:
    """Hold every want that fits. What is taken afterwards by meter, None where it did not fit.

    Meters that `key` reserved before are left out: they are neither held again nor judged again.
    """
    parameters = {
        "tenant_id": tenant_id,
        "key": key,
        "meters": [want.meter.value for want in wants],
        "periods": [want.period_start for want in wants],
        "amounts": [want.amount for want in wants],
        "limits": [want.limit for want in wants],
        "at": at,
        "lease_until": lease_until,
        "project_id": project_id,
        "user_id": user_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(HOLD, parameters)
        return {Meter(meter): taken for meter, taken in cursor.fetchall()}


def take_back(*, tenant_id: UUID, key: str, taken: dict[Meter, int | None]) -> None:
    """Undo a `hold` of this transaction that fitted only in part; `taken` is what it answered."""
    parameters = {
        "tenant_id": tenant_id,
        "key": key,
        "fresh": [meter.value for meter in taken],
        "granted": [meter.value for meter, after in taken.items() if after is not None],
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, parameters)


def record(*, tenant_id: UUID, line: Line) -> Move | None:
    """Write a line, its daily sum and its counter. None when the key was recorded before: nothing moves."""
    parameters = {
        **vars(line),
        "tenant_id": tenant_id,
        "event_key": line.key,
        "meter": line.meter.value,
        "day": line.at.astimezone(UTC).date(),
        "detail": json.dumps(line.detail or {}),
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORD, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    period_start, grown, after = row
    return Move(meter=line.meter, period_start=period_start, before=after - grown, after=after)


def free(*, tenant_id: UUID, key: str, lapsed_at: datetime | None = None) -> int:
    """Give back what `key` still holds; only leases that ended before `lapsed_at`, if given. How many meters."""
    with connection.cursor() as cursor:
        cursor.execute(FREE, {"tenant_id": tenant_id, "key": key, "lapsed_at": lapsed_at})
        return int(cursor.rowcount)
