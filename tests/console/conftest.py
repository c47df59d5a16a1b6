"""Olga at the console of a busy site: jobs in every state, usage, and a request that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from cutroom import clock
from metering import requests, site_days
from metering.meters import Meter
from rendering.attempts import AttemptOutcome, StepAttempt
from rendering.models import JobState, Project, RenderJob, RenderStep, StepKind, StepState
from tenants import webhooks
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.cast import Cast, console_of
from tests.pages.conftest import make_mill, make_usage, shelf_of_renders

REASON = "Asked for by phone, ticket 4711"
PHASE = timedelta(minutes=40)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is on the site: Acme's project and jobs by name, among them `stuck` and `quarantined`."""

    cast: Cast
    project: Project
    jobs: dict[str, RenderJob]

    @property
    def acme(self) -> Tenant:
        """The busy tenant."""
        return self.cast.acme


def make_stuck(job: RenderJob) -> None:
    """A running job whose only step was last touched forty minutes ago."""
    then = clock.now() - PHASE
    with tenant_context(job.tenant_id):
        step = _step(job, state=StepState.RUNNING, worker="w-03:41", attempt=2, started_at=then)
        RenderStep.objects.filter(pk=step.pk).update(ready_at=then, lease_until=then)
        RenderJob.objects.filter(pk=job.pk).update(state=JobState.RUNNING, started_at=then, updated_at=then)


def make_quarantined(job: RenderJob) -> None:
    """A job whose segment cost three workers."""
    then = clock.now() - PHASE
    with tenant_context(job.tenant_id):
        step = _step(job, state=StepState.FAILED, worker="w-05:17", attempt=3, crashes=3, started_at=then)
        for number in (1, 2, 3):
            StepAttempt.objects.create(
                step=step,
                number=number,
                outcome=AttemptOutcome.CRASHED,
                worker=f"w-0{number}:17",
                detail="The worker stopped before it finished.",
                log="rendering/media/encoder.py:88:encode" if number == 3 else "",
                started_at=then + timedelta(seconds=20 * number),
                ended_at=then + timedelta(seconds=20 * number + 8),
            )
        error = {
            "code": "step-quarantined",
            "detail": "It stopped three workers.",
            "kind": "segment",
            "scene": 1,
        }
        RenderJob.objects.filter(pk=job.pk).update(
            state=JobState.FAILED, error=error, started_at=then, finished_at=then + timedelta(seconds=90)
        )


def _step(job: RenderJob, **fields: Any) -> RenderStep:
    return RenderStep.objects.create(
        job=job, kind=StepKind.SEGMENT, scene=1, cache_key="7f1c" * 16, ordinal=9, **fields
    )


def make_site(cast: Cast) -> Site:
    """Rows of everything an operator looks at."""
    project = make_mill(cast)
    make_usage(cast)
    jobs = shelf_of_renders(cast, project)
    jobs["stuck"], jobs["quarantined"] = jobs["running"], jobs["failed"]
    make_stuck(jobs["stuck"])
    make_quarantined(jobs["quarantined"])
    with tenant_context(cast.acme.pk):
        requests.ask(
            meter=Meter.RENDER, wanted=900 * 60_000, note="A series.", user_id=cast.alice.pk, at=clock.now()
        )
        endpoint, _ = webhooks.create_endpoint(url="https://hooks.example.org/acme", event_types=[])
        webhooks.send_test(endpoint)
    site_days.roll_up()
    return Site(cast=cast, project=project, jobs=jobs)


@pytest.fixture
def site(committed_cast: Cast, media: Path) -> Site:
    """The busy site."""
    return make_site(committed_cast)


@pytest.fixture
def olga(committed_cast: Cast) -> Client:
    """Olga, who showed a second factor just now."""
    return console_of(committed_cast.olga)


def do(client: Client, deed: str, *ids: UUID, **choices: Any) -> Any:
    """Go through the pages of a deed to its end; the last answer."""
    asked = client.get(f"/admin/do/{deed}/", {"id": [str(each) for each in ids]})
    assert asked.status_code == 200, asked.content.decode()[:2000]
    form = {"id": [str(each) for each in ids], "key": asked.context["key"], "reason": REASON, **choices}
    return client.post(f"/admin/do/{deed}/", {**form, "sure": "1"})
