"""Kill workers, empty Redis, stop Redis: each render still ends once, and the ledger is exact."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from functools import partial
from pathlib import Path

import psutil
import pytest
import redis
from django.conf import settings
from django.db import connections
from django.test import override_settings

from cutroom import clock
from cutroom.errors import DomainError
from metering.errors import QuotaExceeded
from metering.models import QuotaCounter
from rendering import services, sweeper
from rendering.models import JobState, Project, RenderJob, RenderStep
from tenants.context import tenant_context
from tests.chaos import invariants
from tests.chaos.conftest import Submit
from tests.workers import WorkerGroup, finish, fresh, wait_until, worker_of_running, workers

pytestmark = pytest.mark.committed


@pytest.mark.parametrize("kind", ["image", "narration", "segment", "stitch"])
def test_a_worker_killed_in_the_middle_of_a_step(kind: str, submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log):
        job = submit()
        os.kill(worker_of_running(job, kind), signal.SIGKILL)
        ended = finish(job)
    assert ended.state == JobState.SUCCEEDED
    invariants.assert_all(ended)


@pytest.mark.parametrize("point", ["after-step-write", "after-step-commit", "before-job-commit"])
def test_a_worker_that_dies_between_two_writes(
    point: str, submit: Submit, worker_log: Path, tmp_path: Path
) -> None:
    once = tmp_path / "once"
    once.touch()
    with workers(log=worker_log, extra={"CUTROOM_CRASH_AT": f"{point}:{once}"}):
        ended = finish(submit())
    assert not once.exists()
    assert ended.state == JobState.SUCCEEDED
    invariants.assert_all(ended)


def test_the_whole_worker_is_killed_and_another_one_comes(submit: Submit, worker_log: Path) -> None:
    before = invariants.media_processes()
    with workers(log=worker_log) as first:
        job = submit()
        worker_of_running(job, "segment")
        first.kill()
        wait_until(lambda: not invariants.media_processes() - before, what="media children to follow")
    with workers(log=worker_log):
        ended = finish(job)
    assert ended.state == JobState.SUCCEEDED
    invariants.assert_all(ended)


def test_a_worker_that_slept_through_its_lease_writes_nothing(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log):
        job = submit()
        sleeper = worker_of_running(job, "segment")
        os.kill(sleeper, signal.SIGSTOP)
        try:
            ended = finish(job)
        finally:
            os.kill(sleeper, signal.SIGCONT)
        assert ended.state == JobState.SUCCEEDED
        # Its heartbeat may notice before its result does; either way it writes nothing.
        ends = ("fenced_write_refused", "step_given_up")
        wait_until(lambda: any(e in worker_log.read_text() for e in ends), what="the sleeper to give up")
    invariants.assert_all(ended)


def test_redis_flushed_in_the_middle(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log):
        job = submit()
        worker_of_running(job, "segment")
        redis.from_url(settings.REDIS_URL).flushall()
        ended = finish(job)
    assert ended.state == JobState.SUCCEEDED
    invariants.assert_all(ended)


def test_redis_stopped_for_twenty_seconds(submit: Submit, worker_log: Path) -> None:
    server = redis.from_url(settings.REDIS_URL).info("server")["process_id"]
    with workers(log=worker_log):
        job = submit()
        worker_of_running(job, "segment")
        os.kill(server, signal.SIGSTOP)
        time.sleep(20)  # the fault itself, not a wait for something
        os.kill(server, signal.SIGCONT)
        ended = finish(job)
    assert ended.state == JobState.SUCCEEDED
    invariants.assert_all(ended)


def test_a_step_that_kills_every_worker_is_put_in_quarantine(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log):
        job = submit()
        while not fresh(job).is_final:
            sweeper.sweep()
            running = _running_stitch(job)
            if running is not None:
                os.kill(int(running.worker.rsplit(":", 1)[1]), signal.SIGKILL)
                wait_until(partial(_is_over, job, running.attempt), what="the lease to run out")
        ended = fresh(job)
    assert ended.state == JobState.FAILED
    assert ended.error is not None
    assert ended.error["code"] == "step-quarantined"
    invariants.assert_all(ended)


def test_a_cancelled_render_stops_its_workers_and_costs_nothing(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log):
        job = submit()
        worker_of_running(job, "segment")
        with tenant_context(job.tenant_id):
            services.cancel(job=job, at=clock.now())
        wait_until(lambda: not invariants.scratch_files(), what="the running step to give up")
    ended = fresh(job)
    assert ended.state == JobState.CANCELLED
    invariants.assert_all(ended)


def test_a_hanging_step_is_killed_at_its_limit(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log, extra={"RENDERING_STEP_TIMEOUT_SECONDS": "3"}) as group:
        job = submit()
        ended = finish(job, watch=lambda _: _freeze_operations(group))
    assert ended.state == JobState.FAILED
    assert ended.error is not None
    assert ended.error["code"] == "step-timeout"
    invariants.assert_all(ended)


def test_fifty_submits_at_once_with_room_for_three(
    project: Project, submit: Submit, worker_log: Path
) -> None:
    with tenant_context(project.tenant_id):
        one = services.quote(project=project, resolution="720p", fps=24, at=clock.now())
    cost = one.estimate.amounts["render_minutes"]
    plans = deepcopy(settings.METERING_PLANS)
    plans["free"]["limits"]["render_minutes"] = 3.5 * cost / 60_000
    with override_settings(METERING_PLANS=plans), ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: _try(submit), range(50)))
    accepted = [answer for answer in answers if isinstance(answer, RenderJob)]
    assert len(accepted) == 3
    assert sum(isinstance(answer, QuotaExceeded) for answer in answers) == 47
    with tenant_context(project.tenant_id):
        assert QuotaCounter.objects.get(meter="render_minutes").held == 3 * cost
    with workers(log=worker_log):
        ended = [finish(job) for job in accepted]
    for job in ended:
        invariants.assert_all(job)


def _try(submit: Submit) -> RenderJob | DomainError:
    try:
        return submit()
    except DomainError as refusal:
        return refusal
    finally:
        connections.close_all()


def _running_stitch(job: RenderJob) -> RenderStep | None:
    with tenant_context(job.tenant_id):
        return RenderStep.objects.filter(job=job, kind="stitch", state="running").first()


def _is_over(job: RenderJob, token: int) -> bool:
    sweeper.sweep()
    with tenant_context(job.tenant_id):
        held = RenderStep.objects.filter(job=job, kind="stitch", attempt=token, state="running")
        return not held.exists()


def _freeze_operations(group: WorkerGroup) -> None:
    """Stop every media operation that runs now: a process whose parent is a warm media child."""
    for process in group.tree():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            parent = process.parent()
            if parent is not None and _is_warm(parent) and _is_warm(process):
                process.suspend()


def _is_warm(process: psutil.Process) -> bool:
    return "rendering.media.child" in " ".join(process.cmdline())
