"""Many requests at once, a plan that shrinks, a workspace that is erased, a crowd before the door."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import httpx
import pyrage
import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from pytest_django import Settings

from cutroom import clock
from gdpr.erasure import purging
from gdpr.models import Erasure, ErasureState
from metering import services as metering
from metering.meters import Meter
from metering.models import QuotaCounter
from rendering import services
from rendering.models import JobState, Project, RenderJob, RenderStep
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast, bearer
from tests.chaos.conftest import LINES, Submit, make_project
from tests.chaos.holding import hold_a, operations_below, steps_of
from tests.chaos.site import Site, code_of
from tests.threads import at_once
from tests.workers import WorkerGroup, finish, wait_until

pytestmark = pytest.mark.committed

ROOM = 3
CROWD = 100


def stitch(client: httpx.Client, *, key: str = "", fps: int = 24) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"resolution": "720p", "fps": fps}
    return client.post("/api/v1/projects/tides/render/stitch", json=body, headers=headers)


def leave_room(project: Project, *, renders: int) -> int:
    """Use so much of the render minutes that a few renders fit, and no more; what one holds."""
    with tenant_context(project.tenant_id):
        quote = services.quote(project=project, resolution="720p", fps=24, at=clock.now())
        cost = quote.estimate.amounts["render_minutes"]
        metering.charge(
            tenant_id=project.tenant_id,
            event_key="used-before",
            meter=Meter.RENDER,
            amount=500 * 60_000 - renders * cost - cost // 2,
            subject="before",
            at=clock.now(),
        )
    return cost


def jobs_of(project: Project) -> list[RenderJob]:
    with tenant_context(project.tenant_id):
        return list(RenderJob.objects.filter(project=project))


@pytest.mark.fault(33)
def test_fifty_submits_at_once_with_room_for_three(
    site: Site, committed_cast: Cast, crew: WorkerGroup, project: Project
) -> None:
    cost = leave_room(project, renders=ROOM)
    with site.client(committed_cast.alice, committed_cast.acme) as alice:
        answers = at_once(lambda _: stitch(alice), count=50, threads=16)
    codes = [code_of(answer) for answer in answers]
    assert codes.count((402, "quota-exceeded")) == 50 - ROOM
    assert [status for status, _ in codes].count(202) == ROOM
    refusal = next(answer.json() for answer in answers if answer.status_code == 402)
    assert refusal["detail"].startswith("Usage quota exceeded for render_minutes (")
    assert refusal["detail"].endswith("% of 500 limit)")
    ended = [finish(job) for job in jobs_of(project)]
    assert [job.state for job in ended] == [JobState.SUCCEEDED] * ROOM
    with tenant_context(project.tenant_id):
        counter = QuotaCounter.objects.get(meter="render_minutes")
    assert counter.held == 0
    assert counter.used <= 500 * 60_000 - cost // 2


@pytest.mark.fault(34)
def test_a_double_click_is_one_render_and_another_body_is_refused(
    site: Site, alice_at_site: httpx.Client, crew: WorkerGroup, project: Project
) -> None:
    answers = at_once(lambda _: stitch(alice_at_site, key="click"), count=8)
    assert {answer.status_code for answer in answers} <= {202, 409}
    again = stitch(alice_at_site, key="click")
    assert again.headers["Idempotent-Replayed"] == "true"
    (job,) = jobs_of(project)
    assert {a.json()["id"] for a in [*answers, again] if a.status_code == 202} == {str(job.pk)}
    assert stitch(alice_at_site, key="click", fps=30).status_code == 422
    assert finish(job).state == JobState.SUCCEEDED


@pytest.mark.fault(30)
def test_a_render_that_was_accepted_outlives_the_plan_that_allowed_it(
    committed_cast: Cast, crew: WorkerGroup
) -> None:
    plans = deepcopy(django_settings.METERING_PLANS)
    plans["free"]["features"] = ["4k"]
    with tenant_context(committed_cast.acme.pk):
        project = make_project("short", ["Ja."])
        with override_settings(METERING_PLANS=plans):
            job = services.submit(project=project, resolution="4k", fps=24, user_id=None, at=clock.now())
    # The worker knows the plan as it is now: without 4K.
    assert finish(job).state == JobState.SUCCEEDED
    again = bearer(committed_cast.alice, committed_cast.acme).post(
        "/api/v1/projects/short/render/stitch", {"resolution": "4k", "fps": 24}, format="json"
    )
    assert (again.status_code, again.json()["code"]) == (402, "plan-required")


@pytest.mark.fault(36)
def test_a_workspace_is_erased_while_it_renders(
    committed_cast: Cast,
    crew: WorkerGroup,
    project: Project,
    submit: Submit,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.GDPR_BACKUP_STORE = str(tmp_path / "store")
    settings.GDPR_BACKUP_RECIPIENTS = [str(pyrage.x25519.Identity.generate().to_public())]
    held = hold_a("segment", project=project, ask=lambda: submit("final"), group=crew)
    acme = committed_cast.acme
    asked = bearer(committed_cast.alice, acme).delete(
        "/api/account", {"confirm": "acme", "immediately": True}, format="json"
    )
    assert asked.status_code == 202
    assert purging.work(at=clock.now()) == 1
    wait_until(lambda: not operations_below(held.worker), what="the running step to be killed")
    held.let_go()
    assert Erasure.objects.get().state == ErasureState.DONE
    assert list(storage.objects_below(storage.folder_of(acme.pk), with_halves=True)) == []


@pytest.mark.fault(50)
def test_a_crowd_of_one_tenant_is_no_wall_for_another(
    committed_cast: Cast, crew: WorkerGroup, project: Project, submit: Submit
) -> None:
    crowd = [submit() for _ in range(CROWD)]
    with tenant_context(committed_cast.globex.pk):
        other = make_project("mill", LINES)
    mine = submit(of=other)
    assert finish(mine).state == JobState.SUCCEEDED
    waits = [turns_waited(step, crowd=project) for step in steps_of(mine).values() if step.attempt]
    # Each worker may be in the middle of a step, and doorbells of both stand in one queue.
    assert max(waits) <= 4, waits
    with tenant_context(project.tenant_id):
        for job in crowd:
            if not RenderJob.objects.get(pk=job.pk).is_final:
                services.cancel(job=job, at=clock.now())


def turns_waited(step: RenderStep, *, crowd: Project) -> int:
    """How many steps of its kind began for the crowd while this one was ready."""
    with tenant_context(crowd.tenant_id):
        others = RenderStep.objects.filter(kind=step.kind, started_at__gt=step.ready_at)
        return others.filter(started_at__lt=step.started_at).count()
