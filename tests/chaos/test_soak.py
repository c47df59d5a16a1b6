"""Random faults under load: in the end every job has ended once, and the ledgers are exact.

SOAK_SECONDS says how long (make soak: 1800, a run of the suite: 60), SOAK_SEED repeats what was drawn.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from rendering.models import JobState, Project, RenderJob
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos.conftest import LINES, make_project
from tests.chaos.proxy import proxy_before
from tests.chaos.soaking import Soak
from tests.workers import WorkerGroup, finish, worker_environment

pytestmark = [pytest.mark.committed, pytest.mark.slow]

SECONDS = float(os.environ.get("SOAK_SECONDS") or 60)
SEED = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1_000_000))


@pytest.mark.fault(1)
def test_random_faults_lose_and_double_nothing(
    committed_cast: Cast, worker_log: Path, crash_points: Path
) -> None:
    print(f"SOAK_SEED={SEED} SOAK_SECONDS={SECONDS:.0f}", flush=True)
    projects = [project_of(committed_cast.acme.pk), project_of(committed_cast.globex.pk)]
    given = worker_environment({})
    with (
        proxy_before(given["DATABASE_URL"]) as (database, database_url),
        proxy_before(given["REDIS_URL"]) as (redis, redis_url),
    ):
        extra = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CUTROOM_CRASH_POINTS": str(crash_points),
        }
        soak = Soak(
            seed=SEED,
            projects=projects,
            database=database,
            redis=redis,
            crash_points=crash_points,
            start_worker=lambda: WorkerGroup(log=worker_log, extra=extra, concurrency=1),
        )
        try:
            soak.run(seconds=SECONDS)
            ended = [finish(job, watch=lambda _: soak.restart_the_dead()) for job in soak.jobs]
        finally:
            soak.stop()
    states = Counter(str(job.state) for job in ended)
    print(f"{dict(soak.struck)} -> {dict(states)}", flush=True)
    assert jobs_there_are(projects) == len(soak.jobs)
    # A step that met three crashes is put in quarantine, as it should be; nothing else may fail.
    assert {job.error["code"] for job in ended if job.state == JobState.FAILED and job.error} <= {
        "step-quarantined"
    }
    assert states[JobState.SUCCEEDED] > 0


def project_of(tenant_id: UUID) -> Project:
    with tenant_context(tenant_id):
        return make_project("soak", LINES)


def jobs_there_are(projects: list[Project]) -> int:
    count = 0
    for project in projects:
        with tenant_context(project.tenant_id):
            count += RenderJob.objects.count()
    return count
