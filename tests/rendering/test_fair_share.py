"""Who is served next: a tenant with a long queue is no wall for one with a short one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cutroom import clock
from rendering import engine, leases, outcomes, scripts, services
from rendering.leases import Claim
from rendering.models import JobState, Project, RenderJob, RenderStep, StepKind, StepState
from rendering.outcomes import Result
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import Cast

pytestmark = pytest.mark.django_db
WORKERS = 2


def project_of(tenant: Tenant) -> Project:
    with tenant_context(tenant.pk):
        return scripts.create_project(title="Mill", script="One.\n\nTwo.\n\nThree.\n")


def queue(tenant: Tenant, jobs: int) -> list[RenderJob]:
    project = project_of(tenant)
    with tenant_context(tenant.pk):
        made = [
            services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
            for _ in range(jobs)
        ]
    engine.start_jobs(tenant_id=tenant.pk)
    return made


def served() -> Iterator[Claim]:
    """What a farm of WORKERS does: each takes the next narration as soon as it has finished one."""
    at_work: list[Claim] = []
    while True:
        claim = leases.claim(StepKind.NARRATION)
        if claim is None:
            return
        yield claim
        at_work.append(claim)
        if len(at_work) == WORKERS:
            finish(at_work.pop(0))


def finish(claim: Claim) -> None:
    output = {"content": "0" * 64, "storage_key": "", "duration_ms": 0, "words": []}
    assert outcomes.complete(claim, Result(output=output, charges={}), seconds=0.0)


def take(count: int) -> list[UUID]:
    return [claim.tenant_id for claim in itertools.islice(served(), count)]


def test_a_tenant_works_on_a_few_jobs_at_once_and_the_rest_stand_in_line(
    cast: Cast,
) -> None:
    jobs = queue(cast.acme, 12)
    with tenant_context(cast.acme.pk):
        running = RenderJob.objects.filter(state=JobState.RUNNING).order_by("created_at")
        assert [job.pk for job in running] == [job.pk for job in jobs[:8]]
        services.cancel(job=jobs[0], at=clock.now())
    assert engine.start_jobs(tenant_id=cast.acme.pk) == 1
    with tenant_context(cast.acme.pk):
        jobs[8].refresh_from_db()
        assert jobs[8].state == JobState.RUNNING


def test_every_second_step_is_the_newcomers(cast: Cast) -> None:
    queue(cast.acme, 8)
    busy = take(6)
    assert set(busy) == {cast.acme.pk}
    queue(cast.globex, 1)
    turns = take(6)
    assert Counter(turns)[cast.globex.pk] == 3, turns


def test_one_worker_alone_takes_turns_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.rendering.test_fair_share.WORKERS", 1)
    queue(cast.acme, 8)
    queue(cast.globex, 1)
    assert Counter(take(6))[cast.globex.pk] == 3


@pytest.mark.parametrize(
    ("waited_seconds", "priority", "is_first"),
    [(10, 0, False), (10, 1, True), (5, 1, False)],
)
def test_a_plan_with_priority_waits_half_as_long_for_its_turn(
    cast: Cast, waited_seconds: int, priority: int, is_first: bool
) -> None:
    """Nobody has a step at work; Acme, without priority, took its last turn 15 seconds ago."""
    queue(cast.acme, 1)
    queue(cast.globex, 1)
    assert set(take(2)) == {cast.acme.pk, cast.globex.pk}
    for tenant, seconds in ((cast.acme, 15), (cast.globex, waited_seconds)):
        with tenant_context(tenant.pk):
            taken = RenderStep.objects.exclude(started_at=None)
            taken.update(state=StepState.SUCCEEDED, started_at=clock.now() - timedelta(seconds=seconds))
    with tenant_context(cast.globex.pk):
        RenderJob.objects.update(priority=priority)
    [first] = take(1)
    assert (first == cast.globex.pk) is is_first


def test_a_plan_with_the_feature_gives_its_jobs_priority(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metering.conf.default_plan", lambda: "pro")
    monkeypatch.setattr("metering.conf.entitlements_path", lambda: "metering.entitlements.default_plan")
    [job] = queue(cast.acme, 1)
    assert job.priority == 1


def test_a_tenant_that_only_waits_for_a_second_try_holds_nobody_up(cast: Cast) -> None:
    queue(cast.acme, 1)
    with tenant_context(cast.acme.pk):
        RenderStep.objects.update(not_before=clock.now() + timedelta(hours=1))
    queue(cast.globex, 1)
    assert set(take(3)) == {cast.globex.pk}


def test_a_claim_costs_one_statement_whatever_the_queue(cast: Cast) -> None:
    queue(cast.acme, 8)
    with CaptureQueriesContext(connection) as few:
        leases.claim(StepKind.NARRATION)
    assert len(few) == 1


def test_a_job_tried_again_waits_in_line_and_is_rung_for_when_it_starts(cast: Cast) -> None:
    jobs = queue(cast.acme, 9)
    with tenant_context(cast.acme.pk):
        services.cancel(job=jobs[0], at=clock.now())
        services.retry(job=RenderJob.objects.get(pk=jobs[0].pk), at=clock.now())
        assert RenderStep.objects.filter(job=jobs[0], state=StepState.READY).exists()
    taken = {claim.step_id for claim in itertools.islice(served(), 100)}
    with tenant_context(cast.acme.pk):
        assert not RenderStep.objects.filter(pk__in=taken, job=jobs[0]).exists()


def test_segments_wait_until_every_narration_is_taken(cast: Cast) -> None:
    [job] = queue(cast.acme, 1)
    while picture := leases.claim(StepKind.IMAGE):
        finish(picture)
    claims = [leases.claim(StepKind.NARRATION) for _ in range(2)]
    finish_one, finish_two = (claim for claim in claims if claim)
    finish(finish_one)
    with tenant_context(cast.acme.pk):
        assert not RenderStep.objects.filter(job=job, kind=StepKind.SEGMENT).exists()
    assert leases.claim(StepKind.NARRATION)
    finish(finish_two)
    with tenant_context(cast.acme.pk):
        segments = RenderStep.objects.filter(job=job, kind=StepKind.SEGMENT)
        assert {step.scene for step in segments} <= {0, 1}
        assert segments.exists()
