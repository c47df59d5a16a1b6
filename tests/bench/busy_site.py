"""Whether the console's home page stays quick on a busy site, which is written by SQL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from statistics import median

import psycopg
from django.db import connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from cutroom import clock
from cutroom.terminal import say
from metering import site_days
from tests.bench import crowds, rounds
from tests.cast import console_of

EVENTS_A_TENANT = 100
JOBS_A_TENANT = 10
STEPS_A_JOB = 5
HOME = "/admin/"

# A month of work, one job in fifty failed, and a kind for each step.
WORK = """
WITH made AS (
    INSERT INTO rendering_renderjob (id, tenant_id, title, state, resolution, fps, aspect, quality, script,
        estimate, priority, progress, work_total, degraded, charged, film_key, stored_bytes, retries,
        created_at, started_at, finished_at, updated_at)
    SELECT gen_random_uuid(), tenant_id, 'Tide mill',
        CASE WHEN random() < 0.02 THEN 'failed' ELSE 'succeeded' END, '1080p', 30, '16:9', 'final', '{}',
        %(estimate)s, 0, 100, 10, '[]', '{}', '', 0, 0, at, at, at + interval '90 seconds', at
    FROM unnest(%(tenants)s::uuid[]) AS tenant_id CROSS JOIN generate_series(1, %(jobs)s) AS number
        CROSS JOIN LATERAL (SELECT now() - random() * interval '30 days' AS at
                            WHERE number > 0 AND tenant_id IS NOT NULL) AS a
    RETURNING id, tenant_id, created_at
)
INSERT INTO rendering_renderstep (id, tenant_id, job_id, kind, part, ordinal, state, inputs, cache_key,
    output, charges, is_cached, degraded, error, attempt, failures, crashes, work, work_done, worker,
    ready_at, started_at, finished_at, seconds)
SELECT gen_random_uuid(), tenant_id, id,
    (ARRAY['image', 'narration', 'segment', 'sound', 'stitch'])[number], number, number, 'succeeded', '{}',
    'key', '{}', '{}', false, '', '', 1, 0, 0, 1, 1, 'crowd', created_at, created_at,
    created_at + number * interval '9 seconds', 1 + random() * 5
FROM made CROSS JOIN generate_series(1, %(steps)s) AS number
"""


@dataclass(frozen=True, kw_only=True)
class Busy:
    """How long the home page takes, in how many queries, and of how large a site it tells."""

    seconds: float
    queries: int
    tenants: int
    events: int
    jobs: int


def measure(*, tenants: int, repeats: int) -> Busy:
    """Write the site, then ask for the page as an operator, in this process through all of the middleware."""
    say(f"A site of {tenants:,} tenants")
    crowd = crowds.tenants(tenants, first=10**7)
    crowds.ledgers(crowd, events=EVENTS_A_TENANT, month=f"{clock.now():%Y-%m-01}")
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        values = {"tenants": crowd, "jobs": JOBS_A_TENANT, "steps": STEPS_A_JOB}
        owner.execute(WORK, {**values, "estimate": crowds.ESTIMATE})
        owner.execute("VACUUM ANALYZE")
    site_days.roll_up()
    olga = console_of(User.objects.create_superuser("olga@bench.test"))
    app, ops = (CaptureQueriesContext(connections[alias]) for alias in ("default", "ops"))
    with override_settings(ALLOWED_HOSTS=["*"]):
        with app, ops:
            assert olga.get(HOME).status_code == 200
        taken = [rounds.seconds_of(lambda: olga.get(HOME)) for _ in range(repeats)]
    asked = [query["sql"] for query in [*app.captured_queries, *ops.captured_queries]]
    return Busy(
        seconds=median(taken),
        queries=sum(statement not in ("BEGIN", "COMMIT") for statement in asked),
        tenants=tenants,
        events=tenants * EVENTS_A_TENANT,
        jobs=tenants * JOBS_A_TENANT,
    )
