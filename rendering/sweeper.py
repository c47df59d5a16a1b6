"""Finds work that lost its doorbell or its worker. Losing, doubling or delaying any message is harmless."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import connections

from cutroom import dispatch, scratch
from rendering import conf, drafting, metrics, outcomes
from rendering.intake import taking
from rendering.leases import Claim
from rendering.publishing import sending

logger = logging.getLogger(__name__)

EXPIRED = """
SELECT tenant_id, id, kind, attempt FROM rendering_renderstep
WHERE state = 'running' AND lease_until < clock_timestamp() LIMIT 200
"""

UNHEARD = """
SELECT kind, least(count(*), 16) FROM rendering_renderstep
WHERE state = 'ready' AND ready_at < clock_timestamp() - make_interval(secs => %(patience)s)
  AND coalesce(not_before, ready_at) <= clock_timestamp()
GROUP BY kind
"""

# Running with nothing to run: its next steps were never placed.
UNMOVED = """
SELECT tenant_id, id FROM rendering_renderjob j
WHERE state = 'running' AND NOT EXISTS (
        SELECT 1 FROM rendering_renderstep s WHERE s.job_id = j.id AND s.state IN ('ready', 'running'))
  AND updated_at NOT BETWEEN clock_timestamp() - make_interval(secs => %(patience)s) AND clock_timestamp()
ORDER BY created_at LIMIT 200
"""

# Something queued, and room to start it. A moment in the future was written by a clock that is wrong.
UNSTARTED = """
SELECT tenant_id FROM rendering_renderjob WHERE state IN ('queued', 'running')
GROUP BY tenant_id
HAVING count(*) FILTER (WHERE state = 'running') < %(at_once)s
   AND bool_or(updated_at NOT BETWEEN clock_timestamp() - make_interval(secs => %(patience)s)
       AND clock_timestamp()) FILTER (WHERE state = 'queued')
"""


def sweep() -> dict[str, int]:
    """Take back expired leases, ring for unheard work, start forgotten jobs, clear scratch of dead workers.

    Looks across tenants as the ops role; every change is made inside the tenant's own context. Any number of
    sweepers may run at once.
    """
    found = {
        "crashed": sum(outcomes.crash(claim) for claim in _expired()),
        "rung": _ring_for_unheard(),
        "started": _start_forgotten() + _move_on_forgotten(),
        "uploads": taking.ring_for_due(),
        "publications": sending.ring_for_due(),
        "drafts": drafting.ring_for_due(),
        "reaped": scratch.reap(),
    }
    metrics.note_sweep()
    if any(found.values()):
        logger.info("swept", extra=found)
    return found


def _expired() -> list[Claim]:
    return [
        Claim(tenant_id=tenant_id, step_id=step_id, kind=kind, attempt=attempt)
        for tenant_id, step_id, kind, attempt in _rows(EXPIRED)
    ]


def _ring_for_unheard() -> int:
    rung = 0
    for kind, count in _rows(UNHEARD):
        rung += sum(dispatch.ring("rendering.run_step", queue=kind, kind=kind) for _ in range(count))
    return rung


def _start_forgotten() -> int:
    tenants: list[tuple[UUID]] = _rows(UNSTARTED)
    for (tenant_id,) in tenants:
        dispatch.ring("rendering.start_jobs", tenant_id=str(tenant_id))
    return len(tenants)


def _move_on_forgotten() -> int:
    jobs: list[tuple[UUID, UUID]] = _rows(UNMOVED)
    for tenant_id, job_id in jobs:
        dispatch.ring("rendering.start_job", tenant_id=str(tenant_id), job_id=str(job_id))
    return len(jobs)


def _rows(statement: str) -> list[tuple]:
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            statement, {"patience": conf.doorbell_patience_seconds(), "at_once": conf.jobs_at_once()}
        )
        return list(cursor.fetchall())
