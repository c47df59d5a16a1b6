"""A claim takes one step and no other, whatever PostgreSQL believes about the table."""

from __future__ import annotations

import pytest
from django.db import connections

from cutroom import clock
from rendering import engine, leases, scripts, services
from rendering.models import RenderJob, RenderStep, StepKind, StepState
from tenants.context import tenant_context
from tests.cast import Cast

pytestmark = pytest.mark.committed


def submit(cast: Cast, *, scenes: int) -> None:
    with tenant_context(cast.acme.pk):
        script = "\n\n".join(f"Line {number}." for number in range(scenes))
        project = scripts.create_project(title="Mill", script=script)
        services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    engine.start_jobs(tenant_id=cast.acme.pk)


def test_a_claim_takes_one_step_of_a_table_that_was_empty_when_it_was_looked_at(committed_cast: Cast) -> None:
    submit(committed_cast, scenes=12)
    with tenant_context(committed_cast.acme.pk):
        RenderJob.objects.all().delete()
    with connections["owner"].cursor() as owner:
        # Now the table has pages and no rows, so the planner expects one row of it, however many come.
        owner.execute("ANALYZE rendering_renderstep, rendering_renderjob")
    submit(committed_cast, scenes=12)
    assert leases.claim(StepKind.NARRATION) is not None
    with tenant_context(committed_cast.acme.pk):
        assert RenderStep.objects.filter(state=StepState.RUNNING).count() == 1
