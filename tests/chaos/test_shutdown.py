"""A worker that is told to stop: its step goes on elsewhere at once, and it ends soon by itself."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from rendering import farewell
from rendering.models import JobState, Project, RenderStep, StepState
from tenants.context import tenant_context
from tests.chaos.conftest import Submit
from tests.chaos.holding import Held, again, hold_a, pids, worker_of
from tests.workers import WorkerGroup, finish, wait_until, workers

pytestmark = pytest.mark.committed

# No lease ends within a test, so no sweep can be what helps.
LONG_LEASES = {"RENDERING_LEASE_SECONDS": "3600"}


@pytest.mark.fault(4)
def test_a_step_goes_on_elsewhere_at_once(project: Project, submit: Submit, worker_log: Path) -> None:
    with (
        workers(log=worker_log, extra=LONG_LEASES) as leaver,
        workers(log=worker_log, extra=LONG_LEASES) as other,
    ):
        for group in (leaver, other):
            wait_until(lambda group=group: has_pool(group), what="a pool")  # type: ignore[misc]  # bound now
        held = hold_something(project, submit, leaver)
        job, step = held.job, held.step
        leaver.process.send_signal(signal.SIGTERM)
        wait_until(lambda: again(step).attempt > step.attempt, what="another worker to take the step")
        assert worker_of(again(step)) not in pids(leaver)
        assert leaver.process.wait() == 0
        ended = finish(job)
    assert ended.state == JobState.SUCCEEDED
    with tenant_context(job.tenant_id):
        assert not RenderStep.objects.filter(crashes__gt=0).exists()
        assert not RenderStep.objects.filter(failures__gt=0).exists()


@pytest.mark.fault(4)
def test_a_worker_alone_ends_soon_and_its_step_waits_for_the_next(
    project: Project, submit: Submit, worker_log: Path
) -> None:
    with workers(log=worker_log, extra=LONG_LEASES) as only:
        held = hold_something(project, submit, only)
        job, step = held.job, held.step
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


def hold_something(project: Project, submit: Submit, group: WorkerGroup) -> Held:
    return hold_a("segment", project=project, ask=lambda: submit("final"), group=group)


def has_pool(group: WorkerGroup) -> bool:
    return len(group.tree()) > 2
