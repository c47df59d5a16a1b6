"""A worker that is told to stop: its step goes on elsewhere at once, and it ends soon by itself."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from rendering import farewell
from rendering.models import JobState, RenderJob, RenderStep, StepState
from tenants.context import tenant_context
from tests.chaos import invariants
from tests.chaos.conftest import Submit
from tests.workers import WorkerGroup, finish, fresh, wait_until, workers

pytestmark = pytest.mark.committed

# No lease ends within a test, so no sweep can be what helps.
LONG_LEASES = {"RENDERING_LEASE_SECONDS": "3600"}


def test_a_step_goes_on_elsewhere_at_once(submit: Submit, worker_log: Path) -> None:
    with (
        workers(log=worker_log, extra=LONG_LEASES) as leaver,
        workers(log=worker_log, extra=LONG_LEASES) as other,
    ):
        for group in (leaver, other):
            wait_until(lambda group=group: has_pool(group), what="a pool")  # type: ignore[misc]  # bound now
        job = submit()
        step = hold_a_step(job, leaver)
        leaver.process.send_signal(signal.SIGTERM)
        wait_until(lambda: again(step).attempt > step.attempt, what="another worker to take the step")
        assert worker_of(again(step)) not in pids(leaver)
        assert leaver.process.wait() == 0
        ended = finish(job)
    assert ended.state == JobState.SUCCEEDED
    with tenant_context(job.tenant_id):
        assert not RenderStep.objects.filter(crashes__gt=0).exists()
        assert not RenderStep.objects.filter(failures__gt=0).exists()
    invariants.assert_all(ended)


def test_a_worker_alone_ends_soon_and_its_step_waits_for_the_next(submit: Submit, worker_log: Path) -> None:
    with workers(log=worker_log, extra=LONG_LEASES) as only:
        job = submit()
        step = hold_a_step(job, only)
        only.process.send_signal(signal.SIGTERM)
        assert only.process.wait() == 0
    left = again(step)
    assert (left.state, left.crashes, left.failures) == (StepState.READY, 0, 0)
    with workers(log=worker_log):
        assert finish(job).state == JobState.SUCCEEDED


def test_an_idle_worker_ends_at_once(worker_log: Path) -> None:
    with workers(log=worker_log) as idle:
        wait_until(lambda: has_pool(idle), what="the worker's pool")
        idle.process.send_signal(signal.SIGTERM)
        assert idle.process.wait() == 0


def test_nobody_elses_steps_are_given_away(submit: Submit, worker_log: Path) -> None:
    given: list[int] = []
    with workers(log=worker_log):
        job = submit()
        ended = finish(job, watch=lambda _: given.append(farewell.hand_on(["another-host:1"])))
    assert ended.state == JobState.SUCCEEDED
    assert set(given) == {0}
    with tenant_context(job.tenant_id):
        assert not RenderStep.objects.filter(attempt__gt=1).exists()


def hold_a_step(job: RenderJob, group: WorkerGroup) -> RenderStep:
    """A step that the group is working on and cannot finish: its media processes are stopped."""
    held: list[RenderStep] = []

    def caught() -> bool:
        for step in running(job):
            if worker_of(step) in pids(group):
                media = media_of(group)
                signal_all(media, signal.SIGSTOP)
                if again(step).state == StepState.RUNNING and media:
                    held.append(step)
                    return True
                signal_all(media, signal.SIGCONT)
        assert not fresh(job).is_final, "the job was faster than the test"
        return False

    wait_until(caught, what="a step to hold", pause_seconds=0.005)
    return held[0]


def running(job: RenderJob) -> list[RenderStep]:
    with tenant_context(job.tenant_id):
        return list(RenderStep.objects.filter(job=job, state=StepState.RUNNING))


def again(step: RenderStep) -> RenderStep:
    with tenant_context(step.tenant_id):
        return RenderStep.objects.get(pk=step.pk)


def worker_of(step: RenderStep) -> int:
    return int(step.worker.rsplit(":", 1)[1])


def pids(group: WorkerGroup) -> set[int]:
    return {process.pid for process in group.tree()}


def has_pool(group: WorkerGroup) -> bool:
    return len(group.tree()) > 2


def media_of(group: WorkerGroup) -> list[psutil.Process]:
    found = []
    for process in group.tree():
        with suppress(psutil.NoSuchProcess):
            if "rendering.media" in " ".join(process.cmdline()):
                found.append(process)
    return found


def signal_all(processes: list[psutil.Process], signum: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signum)
