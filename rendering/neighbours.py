"""A neighbour's render that stopped three workers, for an operator to look at and to try again."""

from __future__ import annotations

from datetime import datetime

from cutroom import clock
from rendering import conf, engine, outcomes, scripts, services
from rendering.leases import Claim, worker_name
from rendering.models import RenderStep, StepKind, StepState
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.neighbours import Neighbour, furnishes

SCRIPT = "The ferry leaves at six.\n\nNine letters are in the bag.\n\nOne of them is for you."


@furnishes("renders", order=40)
def renders(tenant: Tenant, neighbour: Neighbour, at: datetime) -> None:
    """One transaction, so that no worker takes the job before it is in quarantine."""
    if not neighbour.has_broken_job:
        return
    with tenant_context(tenant.pk):
        project = scripts.create_project(title="The ferry", script=SCRIPT)
        job = services.submit(project=project, resolution="1080p", fps=24, user_id=None, at=at)
        engine.start_job(tenant_id=tenant.pk, job_id=job.pk)
        step = RenderStep.objects.filter(job=job, kind=StepKind.NARRATION).order_by("scene")[0]
        for attempt in range(1, conf.max_crashes() + 1):
            RenderStep.objects.filter(pk=step.pk).update(
                state=StepState.RUNNING, attempt=attempt, worker=worker_name(), started_at=clock.now()
            )
            outcomes.crash(Claim(tenant_id=tenant.pk, step_id=step.pk, kind=step.kind, attempt=attempt))
