"""Renders run in this process, step by step, so that a provider's moods can be chosen between two steps."""

from __future__ import annotations

from django.utils import timezone

from cutroom import clock
from rendering import engine, scripts, services
from rendering.models import Project, RenderJob, RenderStep, StepKind, StepState
from tenants.context import tenant_context
from tests.cast import Cast

LINE = "The tide fills the pond."


def make_project(cast: Cast, *, prompt: str = "A pond at dawn", **settings: str) -> Project:
    """A project of one scene with a picture to draw and a line to say."""
    with tenant_context(cast.acme.pk):
        project = scripts.create_project(title="Mill", **settings)
        scripts.add_scene(project=project, narration=LINE, image_prompt=prompt)
        return project


def submit(project: Project) -> RenderJob:
    """Ask for a small render; nothing runs yet."""
    with tenant_context(project.tenant_id):
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
    engine.start_jobs(tenant_id=project.tenant_id)
    return job


def step_of(job: RenderJob, kind: str) -> RenderStep:
    """The job's only step of a kind, as it is now."""
    with tenant_context(job.tenant_id):
        return RenderStep.objects.get(job=job, kind=kind)


def try_once(job: RenderJob, kind: str) -> RenderStep:
    """Run the step of a kind now, whatever it waits for."""
    with tenant_context(job.tenant_id):
        RenderStep.objects.filter(job=job, kind=kind).update(not_before=None, ready_at=timezone.now())
    assert engine.run_next(kind)
    return step_of(job, kind)


def run(job: RenderJob) -> RenderJob:
    """Run everything to the end."""
    while True:
        with tenant_context(job.tenant_id):
            job = RenderJob.objects.get(pk=job.pk)
            RenderStep.objects.filter(job=job, state=StepState.READY).update(not_before=None)
        worked = sum(engine.run_next(kind) for kind in StepKind)
        if job.is_final or not worked:
            return job
