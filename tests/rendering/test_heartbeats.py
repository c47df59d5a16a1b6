"""A heartbeat is in nobody's way: it never waits for a job while it holds a step."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from cutroom import clock
from rendering import engine, leases, scripts, services
from rendering.models import RenderJob, StepKind
from tenants.context import tenant_context
from tests.cast import Cast
from tests.workers import wait_until

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.mark.committed
def test_a_heartbeat_that_waits_for_the_job_holds_no_step(committed_cast: Cast) -> None:
    tenant_id = committed_cast.acme.pk
    with tenant_context(tenant_id):
        project = scripts.create_project(title="Mill", script="One.")
        services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    engine.start_jobs(tenant_id=tenant_id)
    claim = leases.claim(StepKind.NARRATION)
    assert claim is not None
    beat = threading.Thread(target=_beat, args=(claim,))
    with tenant_context(tenant_id):
        RenderJob.objects.select_for_update().get()
        beat.start()
        wait_until(_somebody_waits, what="the heartbeat to wait for the job")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
        assert leases.current_step(claim)
    beat.join()


def _beat(claim: leases.Claim) -> None:
    leases.renew(claim, work_done=1)
    connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
