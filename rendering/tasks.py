"""Celery's edge: each task answers one doorbell with one call. Unknown arguments are ignored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task, signals

from rendering import drafting, engine, farewell, sweeper, voice_samples
from rendering.intake import taking
from rendering.publishing import sending


@shared_task(name="rendering.run_step")
def run_step(*, kind: str, **_: Any) -> bool:
    """Run one ready step of a kind, if there is one."""
    return engine.run_next(kind)


@shared_task(name="rendering.start_jobs")
def start_jobs(*, tenant_id: str, **_: Any) -> int:
    """Start what a tenant has queued, as far as it has room."""
    return engine.start_jobs(tenant_id=UUID(tenant_id))


@shared_task(name="rendering.start_job")
def start_job(*, tenant_id: str, job_id: str, **_: Any) -> None:
    """Place a job's first steps."""
    engine.start_job(tenant_id=UUID(tenant_id), job_id=UUID(job_id))


@shared_task(name="rendering.write_script")
def write_script(*, tenant_id: str, draft_id: str, **_: Any) -> None:
    """Have a script written about a topic."""
    drafting.work(tenant_id=UUID(tenant_id), draft_id=UUID(draft_id))


@shared_task(name="rendering.speak_sample")
def speak_sample(*, tenant_id: str, scene_id: str, **_: Any) -> None:
    """Speak the first words of a scene, to be heard in the editor."""
    voice_samples.speak(tenant_id=UUID(tenant_id), scene_id=UUID(scene_id))


@shared_task(name="rendering.take_in")
def take_in(*, tenant_id: str, upload_id: str, **_: Any) -> None:
    """Go on with a file that has arrived."""
    taking.work(tenant_id=UUID(tenant_id), upload_id=UUID(upload_id))


@shared_task(name="rendering.publish")
def publish(*, tenant_id: str, publication_id: str, **_: Any) -> None:
    """Go on with a video on its way to YouTube."""
    sending.work(tenant_id=UUID(tenant_id), publication_id=UUID(publication_id))


@shared_task(name="rendering.sweep")
def sweep(**_: Any) -> dict[str, int]:
    """Find what was lost."""
    return sweeper.sweep()


@signals.worker_shutting_down.connect(dispatch_uid="rendering.farewell")
def say_farewell(**_: Any) -> None:
    """The worker got SIGTERM: hand its steps on."""
    farewell.begin()
