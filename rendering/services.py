"""Writes to render jobs. Start here: quote, submit. What happens next is in engine.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from cutroom import dispatch, tracing
from cutroom.crash_points import crash_at
from cutroom.errors import DomainError
from metering import entitlements
from metering import selectors as metering_selectors
from metering import services as metering
from metering.meters import Meter
from rendering import outcomes, settlement, snapshots, timeline
from rendering.choices import Quality, Resolution
from rendering.errors import JobQuarantined, NothingToRender, NotRetryable, RenderFinished, RenderRunning
from rendering.estimate import Estimate, estimate
from rendering.film import Film
from rendering.keys import VIDEO_FILES, video_key
from rendering.models import JobState, Project, RenderJob, RenderStep, Scene, StepState
from tenants import audit, storage

FEATURES = {Resolution.UHD: "4k"}


@dataclass(frozen=True, kw_only=True)
class Quote:
    """An estimate, and what `submit` would say to it now."""

    estimate: Estimate
    refusal: DomainError | None

    @property
    def is_admitted(self) -> bool:
        """Would the render be accepted?"""
        return self.refusal is None


def quote(
    *, project: Project, resolution: str, fps: int, at: datetime, quality: str = Quality.FINAL
) -> Quote:
    """Say what a render would cost and whether it would be accepted. Holds nothing.

    Raises NothingToRender for a project without content.
    """
    film = _film(project, resolution=resolution, fps=fps, quality=quality)
    guess = estimate(film)
    try:
        _require_feature(project.tenant_id, film)
        amounts = {Meter(name): amount for name, amount in guess.amounts.items()}
        metering_selectors.raise_if_refused(tenant_id=project.tenant_id, amounts=amounts, at=at)
    except DomainError as refusal:
        return Quote(estimate=guess, refusal=refusal)
    return Quote(estimate=guess, refusal=None)


def submit(
    *,
    project: Project,
    resolution: str,
    fps: int,
    user_id: UUID | None,
    at: datetime,
    quality: str = Quality.FINAL,
) -> RenderJob:
    """Accept a render: the job row and the quota it needs commit together, or neither does.

    A draft is small and has 15 frames a second whatever is asked for; it needs no plan and costs no render
    minutes, and the film made after it takes its voices and stills from the cache.

    Raises PlanRequired (4k on Free), QuotaExceeded, NothingToRender. The work starts after commit; should
    that message be lost, the sweeper starts it.
    """
    film = _film(project, resolution=resolution, fps=fps, quality=quality)
    _require_feature(project.tenant_id, film)
    guess = estimate(film)
    job = RenderJob.objects.create(
        project=project,
        title=project.title,
        resolution=resolution,
        fps=film.fps,
        aspect=film.aspect,
        quality=film.quality,
        priority=_priority(project.tenant_id),
        script=film.script,
        estimate={**guess.to_json(), "amounts": guess.amounts},
        created_by=user_id,
        trace=tracing.current(),
    )
    crash_at("submit-after-job")
    settlement.hold(job, guess.amounts, at=at)
    crash_at("submit-after-hold")
    _start(job)
    return job


def cancel(*, job: RenderJob, at: datetime) -> RenderJob:
    """End a job now; running steps notice within their next heartbeat. Cancelling twice is one cancellation.

    Raises RenderFinished when it succeeded or failed before.
    """
    job = RenderJob.objects.select_for_update().get(pk=job.pk)
    if job.state == JobState.CANCELLED:
        return job
    if job.is_final:
        raise RenderFinished()
    job.cancel_requested_at = at
    job.save(update_fields=["cancel_requested_at"])
    outcomes.end_job(job, state=JobState.CANCELLED, at=at)
    crash_at("cancel-after-release")
    audit.record("render.cancelled", target=f"render:{job.pk}")
    return job


def quarantine(*, job: RenderJob, at: datetime) -> RenderJob:
    """End a job as failed, without charge, until an operator tries it again; its members cannot.

    Raises RenderFinished when it succeeded or was cancelled before. Twice is once.
    """
    job = RenderJob.objects.select_for_update().get(pk=job.pk)
    if job.state in (JobState.SUCCEEDED, JobState.CANCELLED):
        raise RenderFinished()
    error = {"code": outcomes.JOB_QUARANTINED, "detail": "An operator put this render aside to look at it."}
    outcomes.end_job(job, state=JobState.FAILED, at=at, error=error)
    return job


def retry(*, job: RenderJob, at: datetime, is_operator: bool = False) -> RenderJob:
    """Go on with a failed or cancelled job: finished steps stay, the others get fresh tries.

    Raises NotRetryable in any other state, JobQuarantined when an operator put it aside and this is none,
    QuotaExceeded when there is no room now.
    """
    job = RenderJob.objects.select_for_update().get(pk=job.pk)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise NotRetryable()
    if (job.error or {}).get("code") == outcomes.JOB_QUARANTINED and not is_operator:
        raise JobQuarantined()
    job.retries += 1
    job.state, job.error, job.finished_at, job.cancel_requested_at = JobState.QUEUED, None, None, None
    job.save()
    again = RenderStep.objects.filter(job=job, state__in=[StepState.FAILED, StepState.CANCELLED])
    again.update(
        state=StepState.READY,
        failures=0,
        crashes=0,
        not_before=None,
        ready_at=Now(),
        finished_at=None,
        work_done=0,
    )
    crash_at("retry-after-steps")
    settlement.hold(job, job.estimate["amounts"], at=at)
    _start(job)
    return job


def delete_render(*, job: RenderJob, at: datetime) -> None:
    """Remove a final job and its video; the storage is given back. Raises RenderRunning while active."""
    job = RenderJob.objects.select_for_update().get(pk=job.pk)
    if not job.is_final:
        raise RenderRunning()
    for extension in VIDEO_FILES:
        storage.delete_after_commit(video_key(job, extension))
    if job.stored_bytes:
        settlement.store_level(job, delta_bytes=-job.stored_bytes, reason="deleted", at=at)
    audit.record("render.deleted", target=f"render:{job.pk}")
    job.delete()


def rename_render(*, job: RenderJob, title: str) -> RenderJob:
    """Give a job another title; the video's file does not change."""
    job.title = title
    job.save(update_fields=["title", "updated_at"])
    return job


def _start(job: RenderJob) -> None:
    dispatch.after_commit("rendering.start_jobs", tenant_id=str(job.tenant_id))


def _priority(tenant_id: UUID) -> int:
    """1 where the plan grants a double share of busy workers, else 0."""
    return int("priority" in entitlements.for_tenant(tenant_id).features)


def _require_feature(tenant_id: UUID, film: Film) -> None:
    feature = FEATURES.get(Resolution(film.resolution))
    if feature and not film.is_draft:
        metering.require_feature(tenant_id=tenant_id, feature=feature)


def _film(project: Project, *, resolution: str, fps: int, quality: str) -> Film:
    related = Scene.objects.filter(project=project).select_related("image", "recording").order_by("position")
    scenes = list(related)
    if not any(_shows_something(scene) for scene in scenes):
        raise NothingToRender()
    script = snapshots.script_of(project, scenes)
    fps = timeline.DRAFT_FPS if quality == Quality.DRAFT else fps
    return Film.shown(project, script, resolution=resolution, fps=fps, quality=quality)


def _shows_something(scene: Scene) -> bool:
    words = f"{scene.narration}{scene.heading}{scene.image_prompt}"
    return bool(words.strip() or scene.image_id or scene.recording_id)
