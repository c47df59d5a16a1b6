"""Many rows, quickly: tenants, ledgers and renders written by the owner in a few statements.

What is written balances as if the services had written it, so pages may add it up.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from uuid import UUID

import psycopg

from metering.meters import Meter
from metering.periods import LEVEL_START

# A hundred lines are one for each meter and day: a longer ledger has no more days than a short one.
DAYS = 20
JOBS_A_TENANT = 3
STEPS_A_JOB = 10
ESTIMATE = '{"images": 0, "tts_minutes": 0, "render_minutes": 0, "seconds": 0}'

TENANTS = """
INSERT INTO tenants_tenant (id, slug, name, email, state, created_at)
SELECT gen_random_uuid(), 'crowd-' || %(first)s + number, 'Crowd', 'crowd@example.com', 'active', now()
FROM generate_series(1, %(count)s) AS number RETURNING id
"""
# Spread over days, projects and members, as a ledger is.
EVENTS = """
INSERT INTO metering_usageevent
    (tenant_id, key, meter, amount, period_start, at, subject, project_id, user_id, detail)
SELECT tenant_id, 'crowd:' || number, meter,
    1, CASE WHEN meter = %(level)s THEN %(level_start)s::date ELSE %(month)s::date END,
    %(month)s::date + make_interval(days => number / %(kinds)s %% %(days)s, secs => number %% 86400),
    'render:' || md5((number / 20)::text)::uuid, md5('project' || number %% 50)::uuid,
    md5('member' || number %% 10)::uuid, '{}'
FROM unnest(%(tenants)s::uuid[]) AS tenant_id
    CROSS JOIN generate_series(1, %(count)s) AS number
    CROSS JOIN LATERAL (SELECT (%(meters)s::text[])[1 + number %% %(kinds)s] AS meter) AS m
"""
SUMS = (
    """
INSERT INTO metering_quotacounter (tenant_id, meter, period_start, used, held)
SELECT tenant_id, meter, period_start, sum(amount), 0 FROM metering_usageevent
WHERE tenant_id = ANY (%(tenants)s::uuid[]) GROUP BY 1, 2, 3
""",
    """
INSERT INTO metering_usagedaily (tenant_id, meter, period_start, day, amount)
SELECT tenant_id, meter, period_start, (at AT TIME ZONE 'UTC')::date, sum(amount) FROM metering_usageevent
WHERE tenant_id = ANY (%(tenants)s::uuid[]) GROUP BY 1, 2, 3, 4
""",
    """
INSERT INTO metering_usageshare (tenant_id, meter, period_start, kind, sharer_id, amount)
SELECT tenant_id, meter, period_start, s.kind, s.sharer_id, sum(amount) FROM metering_usageevent AS e
    CROSS JOIN LATERAL (VALUES ('project', e.project_id), ('member', e.user_id)) AS s (kind, sharer_id)
WHERE tenant_id = ANY (%(tenants)s::uuid[]) GROUP BY 1, 2, 3, 4, 5
""",
)
JOBS = """
WITH made AS (
    INSERT INTO rendering_renderjob (id, tenant_id, title, state, resolution, fps, aspect, quality, script,
        estimate, priority, progress, work_total, degraded, charged, film_key, stored_bytes, retries,
        created_at, started_at, finished_at, updated_at)
    SELECT gen_random_uuid(), tenant_id, 'Tide mill', 'succeeded', '1080p', 30, '16:9', 'final', '{}',
        %(estimate)s, 0, 100, 10, '[]', '{}', '', 0, 0, at, at, at, at
    FROM unnest(%(tenants)s::uuid[]) AS tenant_id CROSS JOIN generate_series(1, %(jobs)s) AS number
        CROSS JOIN LATERAL (SELECT now() - make_interval(mins => number) AS at) AS a
    RETURNING id, tenant_id, created_at
)
INSERT INTO rendering_renderstep (id, tenant_id, job_id, kind, part, ordinal, state, inputs, cache_key,
    output, charges, is_cached, degraded, error, attempt, failures, crashes, work, work_done, worker,
    ready_at)
SELECT gen_random_uuid(), tenant_id, id, 'segment', number, number, 'succeeded', '{}',
    md5(id::text || number), '{}', '{}', false, '', '', 1, 0, 0, 1, 1, 'crowd', created_at
FROM made CROSS JOIN generate_series(1, %(steps)s) AS number
"""
VACUUM = """
VACUUM ANALYZE tenants_tenant, metering_usageevent, metering_quotacounter, metering_usagedaily,
    metering_usageshare, rendering_renderjob, rendering_renderstep
"""


def tenants(count: int, *, first: int) -> list[UUID]:
    """Make `count` tenants without members; `first` tells crowds apart."""
    with _owner() as connection:
        return [row[0] for row in connection.execute(TENANTS, {"first": first, "count": count})]


def ledgers(of: Sequence[UUID], *, events: int, month: str) -> None:
    """Write `events` lines for each tenant into the month that begins on `month`, and their sums."""
    values = {
        "tenants": list(of),
        "count": events,
        "month": month,
        "days": DAYS,
        "level": Meter.STORAGE.value,
        "level_start": LEVEL_START,
        "meters": [meter.value for meter in Meter],
        "kinds": len(Meter),
    }
    with _owner() as connection:
        connection.execute(EVENTS, values)
        for statement in SUMS:
            connection.execute(statement, {"tenants": list(of)})


def renders(of: Sequence[UUID]) -> None:
    """Write a few finished renders with their steps for each tenant."""
    values = {"tenants": list(of), "jobs": JOBS_A_TENANT, "steps": STEPS_A_JOB, "estimate": ESTIMATE}
    with _owner() as connection:
        connection.execute(JOBS, values)


def settle_down() -> None:
    """What autovacuum does by itself a minute later: count what is there, and mark what everybody sees."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute(VACUUM)


def _owner() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_OWNER_URL"])
