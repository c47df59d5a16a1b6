"""Clocks that are wrong, watchers that are deaf, schedulers twice or never, and versions side by side."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from celery.schedules import schedule
from django.conf import settings as django_settings

from config.celery import app
from cutroom import clock, dispatch
from cutroom.beat import ForgetfulScheduler
from rendering.models import JobState, Project, RenderStep, StepState
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos.conftest import Submit
from tests.chaos.holding import again, steps_of
from tests.chaos.proxy import proxy_before
from tests.chaos.site import site as running_site
from tests.threads import at_once
from tests.workers import finish, wait_until, workers

pytestmark = pytest.mark.committed

# What a worker runs first when its clock is to be wrong by some hours.
WRONG_CLOCK = """
import time, datetime
_time, _hours = time.time, {hours}
time.time = lambda: _time() + _hours * 3600
from cutroom import clock
clock.now = lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=_hours)
"""
# These are proved by tests of their own: they ask for a store, a second server or a night.
ELSEWHERE = {"gdpr.back_up", "gdpr.rehearse"}


@pytest.mark.fault(31)
def test_the_clocks_of_workers_are_wrong_by_hours(submit: Submit, worker_log: Path) -> None:
    with ExitStack() as stack:
        for hours in (2, -2):
            prelude = WRONG_CLOCK.format(hours=hours)
            stack.enter_context(workers(log=worker_log, prelude=prelude, concurrency=1))
        jobs = [submit("final"), submit()]
        ended = [finish(job) for job in jobs]
    assert {job.state for job in ended} == {JobState.SUCCEEDED}
    for job in jobs:
        assert {step.crashes for step in steps_of(job).values()} == {0}


@pytest.mark.fault(42)
def test_whoever_watches_us_is_deaf(committed_cast: Cast, project: Project, worker_log: Path) -> None:
    with proxy_before(os.environ["REDIS_URL"]) as (deaf, _):
        deaf.stall()
        extra = {
            "SENTRY_DSN": f"http://public@127.0.0.1:{deaf.port}/1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{deaf.port}",
        }
        with running_site(log=worker_log, extra=extra) as site:
            with site.client(committed_cast.alice, committed_cast.acme) as alice:
                answers = [alice.get("/api/v1/projects/tides").status_code for _ in range(5)]
                answers.append(alice.get("/metrics").status_code)
    assert set(answers) == {200}


@pytest.mark.fault(46)
def test_two_schedulers_ring_for_everything_at_once(committed_cast: Cast, project: Project) -> None:
    app.loader.import_default_modules()
    names = sorted({entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()} - ELSEWHERE)
    for name in names:
        at_once(lambda _, name=name: app.tasks[name](), count=2)  # type: ignore[misc]  # bound now


@pytest.mark.fault(46)
def test_a_scheduler_that_comes_back_after_days_rings_soon_and_keeps_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scheduler = ForgetfulScheduler(app=app, lazy=True)
    scheduler.setup_schedule()
    for entry in scheduler.schedule.values():
        if isinstance(entry.schedule, schedule):
            _, seconds = entry.is_due()
            assert seconds <= timedelta(minutes=2).total_seconds()
    scheduler.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(47)
def test_a_worker_meets_what_only_a_newer_version_knows(
    project: Project, submit: Submit, worker_log: Path
) -> None:
    job = submit()
    with tenant_context(project.tenant_id):
        new = RenderStep.objects.create(job=job, kind="hologram", scene=0, cache_key="0" * 64)
    dispatch.ring("rendering.hologram", depth=3)
    dispatch.ring("rendering.run_step", queue="image", kind="image", angle="of the future")
    dispatch.ring("rendering.run_step", queue="image", kind="hologram")
    with workers(log=worker_log):
        wait_until(lambda: is_all_done_but(new), what="everything that this version knows to be done")
        assert (again(new).state, again(new).attempt) == (StepState.READY, 0)
        with tenant_context(project.tenant_id):
            # The newer worker comes.
            RenderStep.objects.filter(pk=new.pk).update(state=StepState.SUCCEEDED, finished_at=clock.now())
        dispatch.ring("rendering.start_job", tenant_id=str(job.tenant_id), job_id=str(job.pk))
        assert finish(job).state == JobState.SUCCEEDED


def is_all_done_but(step: RenderStep) -> bool:
    steps = steps_of(step.job)
    done = {s.kind for s in steps.values() if s.state == StepState.SUCCEEDED}
    return done >= {"image", "narration", "segment", "sound"}
