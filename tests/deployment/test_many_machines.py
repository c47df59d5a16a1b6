"""Three machines render one film together; one is cut off in the middle, and comes back when all is over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from cutroom import clock
from rendering import services
from rendering.choices import Quality
from rendering.models import JobState, Project, RenderJob, RenderStep, Scene, StepState
from tenants.context import tenant_context
from tests import workers
from tests.cast import Cast
from tests.chaos import invariants
from tests.deployment.machines import Machine, machines
from tests.workers import finish, wait_until

SCENES = 60
pytestmark = pytest.mark.committed


@pytest.fixture
def project(committed_cast: Cast) -> Project:
    """Acme's project of sixty short scenes."""
    with tenant_context(committed_cast.acme.pk):
        project = Project.objects.create(slug="tides", title="Tides")
        for position in range(SCENES):
            narration = f"Number {position}."
            Scene.objects.create(project=project, position=position, narration=narration)
    return project


@pytest.mark.slow
def test_a_machine_that_is_cut_off_costs_nothing(
    project: Project, media_bucket: str, s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sixty scenes on two cores that others use as well.
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 1200.0)
    job = submit(project)
    with machines(3, directory=tmp_path, s3_server=s3_server) as hosts:
        loser = hosts[1]
        seen: dict[int, set[int]] = {host.number: set() for host in hosts}
        wait_until(lambda: all(works(host, job, seen) for host in hosts), what="all machines at work")
        cut_off_at_work(loser, job)
        ended = finish_in_spite_of_locks(job)
        assert ended.state == JobState.SUCCEEDED, ended.error
        invariants.assert_all(ended)
        with tenant_context(job.tenant_id):
            # What the lost machine was doing was done again, by somebody else.
            assert RenderStep.objects.filter(job=job, crashes__gt=0).exists()
            assert RenderStep.objects.filter(job=job, kind="segment").count() == SCENES
        loser.reconnect()
        again = submit(project)
        assert finish(again).state == JobState.SUCCEEDED
        invariants.assert_all(ended)
        invariants.assert_all(again)
    assert not left_on(tmp_path, but=loser)


def submit(project: Project) -> RenderJob:
    """A draft, which is small. The second time everything is in the cache that all machines share."""
    with tenant_context(project.tenant_id):
        return services.submit(
            project=project, resolution="720p", fps=24, quality=Quality.DRAFT, user_id=None, at=clock.now()
        )


def finish_in_spite_of_locks(job: RenderJob) -> RenderJob:
    """PostgreSQL ends the lost machine's transaction after a minute; until then its locks stop sweeps."""
    while True:
        try:
            return finish(job)
        except OperationalError:
            connections.close_all()


def cut_off_at_work(loser: Machine, job: RenderJob) -> None:
    """Cut the machine off while it has a step, which it then cannot finish."""
    while True:
        wait_until(lambda: bool(running_on(loser, job)), what="a step to interrupt", pause_seconds=0.01)
        loser.cut_off()
        time.sleep(0.2)
        if running_on(loser, job):
            return
        loser.reconnect()


def works(host: Machine, job: RenderJob, seen: dict[int, set[int]]) -> bool:
    """Has this machine had a step of the job?"""
    seen[host.number] |= running_on(host, job)
    return bool(seen[host.number])


def running_on(host: Machine, job: RenderJob) -> set[int]:
    """Processes of the machine that are running a step of the job."""
    with tenant_context(job.tenant_id):
        steps = RenderStep.objects.filter(job=job, state=StepState.RUNNING)
        workers = {int(worker.rsplit(":", 1)[1]) for worker in steps.values_list("worker", flat=True)}
    return workers & host.pids()


def left_on(directory: Path, *, but: Machine) -> list[Path]:
    """Files that machines hold although nothing runs: each has its own disk, and the bucket has the rest."""
    media = [*directory.glob("machine-*/var/media")]
    scratch = [path for path in directory.glob("machine-*/var/scratch/*/*/*") if but.name not in str(path)]
    return media + [path for path in scratch if not path.is_relative_to(but.directory)]
