"""The door to the faults: each of the fifty has a test that carries its number. Here are those of workers.

Where the others are, `docs/reliability.md` tells; `pytest -m fault` runs them all.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from cutroom import clock
from rendering import services, sweeper
from rendering.models import JobState, Project, RenderJob, RenderStep, StepState
from tenants.context import tenant_context
from tests.cast import Cast, bearer
from tests.chaos import invariants
from tests.chaos.conftest import LINES, Submit, make_project
from tests.chaos.holding import Held, again, hold_a, operations_below, running, steps_of, worker_of
from tests.workers import ROOT, WorkerGroup, finish, fresh, wait_until, workers

pytestmark = pytest.mark.committed

Arm = Callable[[str], Path]


@pytest.mark.fault(1)
@pytest.mark.parametrize("kind", ["image", "narration", "segment", "sound", "stitch"])
def test_a_worker_killed_in_the_middle_of_a_step(
    kind: str, crew: WorkerGroup, project: Project, submit: Submit
) -> None:
    held = hold_a(kind, project=project, ask=partial(submit, "final"), group=crew)
    before = {slot: s for slot, s in steps_of(held.job).items() if s.state == StepState.SUCCEEDED}
    os.kill(held.worker, signal.SIGKILL)
    ended = finish(held.job)
    assert ended.state == JobState.SUCCEEDED
    after = steps_of(held.job)
    assert {slot: after[slot].attempt for slot in before} == {slot: s.attempt for slot, s in before.items()}
    assert again(held.step).attempt == held.step.attempt + 1


@pytest.mark.fault(2)
def test_the_whole_worker_is_killed_and_another_one_comes_later(
    committed_cast: Cast, project: Project, submit: Submit, worker_log: Path
) -> None:
    before = invariants.media_processes()
    with workers(log=worker_log) as first:
        held = hold_a("segment", project=project, ask=partial(submit, "final"), group=first)
        first.kill()
        wait_until(lambda: not invariants.media_processes() - before, what="media children to follow")
    wait_until(partial(is_waiting, held), what="the step to wait for somebody")
    seen = bearer(committed_cast.alice, committed_cast.acme).get(f"/api/v1/renders/{held.job.pk}").json()
    assert (seen["state"], seen["error"]) == ("running", None)
    with workers(log=worker_log):
        assert finish(held.job).state == JobState.SUCCEEDED


@pytest.mark.fault(3)
def test_a_worker_that_slept_with_its_result_in_hand_is_fenced(
    crew: WorkerGroup, submit: Submit, arm: Arm, crew_log: Path
) -> None:
    arm("before-step-write.pause")
    job = submit()
    sleeper = sleeping_in(crew)
    (step,) = [step for step in running(job) if worker_of(step) == sleeper.pid]
    # Held open here, so that it is the claim that refuses the sleeper, and not the end of the job.
    stitching = arm("video-half-stored.pause")
    wait_until(lambda: not stitching.exists() or is_swept(step), what="the others to go on without it")
    wait_until(lambda: not stitching.exists(), what="the film to be stored")
    assert again(step).attempt > step.attempt
    sleeper.resume()
    wait_until(lambda: "fenced_write_refused" in crew_log.read_text(), what="the write to be refused")
    assert not fresh(job).is_final
    sleeping_in(crew).resume()
    assert finish(job).state == JobState.SUCCEEDED


@pytest.mark.fault(3)
def test_a_worker_that_slept_in_the_middle_gives_its_step_up(
    crew: WorkerGroup, project: Project, submit: Submit, crew_log: Path
) -> None:
    held = hold_a("segment", project=project, ask=partial(submit, "final"), group=crew)
    sleeper = psutil.Process(held.worker)
    sleeper.suspend()
    try:
        ended = finish(held.job)
    finally:
        # Its media process stays as it is, so the heartbeat is what it notices first.
        sleeper.resume()
    assert ended.state == JobState.SUCCEEDED
    wait_until(lambda: "step_given_up" in crew_log.read_text(), what="the sleeper to give up")
    wait_until(
        lambda: not any(p.is_running() for p in operations_below(held.worker)), what="its media to end"
    )


@pytest.mark.fault(5)
def test_a_step_that_kills_every_worker_is_put_in_quarantine_and_others_go_on(
    committed_cast: Cast, crew: WorkerGroup, submit: Submit
) -> None:
    poison = submit("final")
    with tenant_context(committed_cast.globex.pk):
        other = submit(of=make_project("mill", LINES))
    while not fresh(poison).is_final:
        sweeper.sweep()
        for step in running(poison, "segment"):
            os.kill(worker_of(step), signal.SIGKILL)
            wait_until(partial(is_over, poison, step.attempt), what="the lease to run out")
    ended = fresh(poison)
    assert ended.state == JobState.FAILED
    assert ended.error is not None
    assert ended.error["code"] == "step-quarantined"
    assert finish(other).state == JobState.SUCCEEDED


@pytest.mark.fault(19)
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSEGV])
def test_a_media_process_that_is_killed_or_crashes_is_tried_again(
    signum: signal.Signals, crew: WorkerGroup, project: Project, submit: Submit
) -> None:
    held = hold_a("segment", project=project, ask=partial(submit, "final"), group=crew)
    for operation in operations_below(held.worker):
        operation.send_signal(signum)
    held.let_go()
    assert finish(held.job).state == JobState.SUCCEEDED
    after = again(held.step)
    assert (after.failures, after.crashes) in {(1, 0), (0, 0)}


@pytest.mark.fault(18)
def test_a_hanging_step_is_killed_at_its_limit_and_tried_again(
    project: Project, submit: Submit, worker_log: Path
) -> None:
    with workers(log=worker_log, extra={"RENDERING_STEP_TIMEOUT_SECONDS": "10"}) as group:
        held = hold_a("segment", project=project, ask=partial(submit, "final"), group=group)
        assert finish(held.job).state == JobState.SUCCEEDED
    assert again(held.step).failures == 1
    killed = held.media
    wait_until(lambda: not any(process.is_running() for process in killed), what="what hung to be gone")


@pytest.mark.fault(36)
def test_a_cancelled_render_stops_its_workers_and_costs_nothing(
    crew: WorkerGroup, project: Project, submit: Submit
) -> None:
    held = hold_a("segment", project=project, ask=partial(submit, "final"), group=crew)
    with tenant_context(held.job.tenant_id):
        services.cancel(job=held.job, at=clock.now())
    wait_until(lambda: not operations_below(held.worker), what="the running step to be killed")
    assert fresh(held.job).state == JobState.CANCELLED


def test_each_of_the_fifty_faults_has_its_tests_in_the_table() -> None:
    documented = dict(rows_of_the_table())
    assert list(documented) == list(range(1, 51))
    assert {number: files for number, files in documented.items() if files} == marked_files()


def rows_of_the_table() -> Iterator[tuple[int, set[str]]]:
    """Number and test files of each row of docs/reliability.md."""
    for line in (ROOT / "docs" / "reliability.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].isdigit():
            yield int(cells[0]), set(re.findall(r"`(tests/[^`]+)`", cells[3]))


def marked_files() -> dict[int, set[str]]:
    """Which files have a test marked as a fault's."""
    found: dict[int, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for number in re.findall(r"pytest\.mark\.fault\((\d+)", path.read_text()):
            found.setdefault(int(number), set()).add(str(path.relative_to(ROOT)))
    return found


def is_waiting(held: Held) -> bool:
    sweeper.sweep()
    return again(held.step).state == StepState.READY


def is_swept(step: RenderStep) -> bool:
    """Swept until the step is somebody else's."""
    sweeper.sweep()
    return again(step).attempt > step.attempt


def is_over(job: RenderJob, token: int) -> bool:
    sweeper.sweep()
    return not [step for step in running(job, "segment") if step.attempt == token]


def sleeping_in(group: WorkerGroup) -> psutil.Process:
    """The worker process that a pause point has stopped."""
    found: list[psutil.Process] = []

    def is_there() -> bool:
        for process in group.tree():
            with suppress(psutil.NoSuchProcess):
                if process.status() == psutil.STATUS_STOPPED:
                    found.append(process)
        return bool(found)

    wait_until(is_there, what="a worker to stop")
    return found[0]
