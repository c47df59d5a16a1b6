"""How a step ends. Every write here is guarded by the claim: a stale worker changes nothing."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from cutroom import clock, dispatch
from cutroom.crash_points import crash_at
from rendering import announcements, attempts, board, conf, leases, metrics, settlement
from rendering.attempts import AttemptOutcome
from rendering.leases import Claim
from rendering.models import (
    ACTIVE_JOB_STATES,
    CacheEntry,
    JobState,
    RenderJob,
    RenderStep,
    StepKind,
    StepState,
)
from tenants import audit
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

# A step that cost several workers, and a job that an operator put aside.
STEP_QUARANTINED, JOB_QUARANTINED = "step-quarantined", "job-quarantined"
QUARANTINES = (STEP_QUARANTINED, JOB_QUARANTINED)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a step produced. `storage_key` and `size_bytes` describe a file already stored and verified."""

    output: dict[str, Any]
    charges: dict[str, int]
    storage_key: str = ""
    size_bytes: int = 0
    is_cached: bool = False
    degraded: str = ""
    job_fields: dict[str, Any] = field(default_factory=dict)


def complete(claim: Claim, result: Result, *, seconds: float) -> bool:
    """Record a finished step and move its job on. False when the claim is stale: nothing was written."""
    with tenant_context(claim.tenant_id):
        job, step = _locked(claim)
        if job is None or step is None:
            metrics.FENCED_WRITES.labels(kind=claim.kind).inc()
            logger.warning("fenced_write_refused", extra={"attempt": claim.attempt})
            return False
        _finish_step(step, result, seconds=seconds)
        crash_at("after-step-write")
        if result.storage_key:
            _remember(step, result)
            crash_at("after-cache-entry")
        if step.kind == StepKind.STITCH:
            _succeed(job, result)
        elif _unlocks(step):
            board.advance(job)
            crash_at("after-next-steps")
        leases.record_progress(job.pk)
    crash_at("after-step-commit")
    return True


def fail(
    claim: Claim,
    *,
    detail: str,
    is_retryable: bool,
    is_timeout: bool = False,
    base_seconds: float | None = None,
    at_least_seconds: float = 0.0,
    log: str = "",
) -> None:
    """Record a failed try: again after a back-off, or the end of the job when tries are used up.

    `base_seconds` is the first back-off of this class of failure, `at_least_seconds` what was asked for.
    `log` is the end of what the process said, without anybody's text.
    """
    with tenant_context(claim.tenant_id):
        job, step = _locked(claim)
        if job is None or step is None:
            return
        crash_at("failure-before-write")
        step.failures += 1
        step.error = detail[:500]
        attempts.note(step, AttemptOutcome.FAILED, at=clock.now(), detail=detail, log=log)
        if is_retryable and step.failures < conf.max_failures():
            wait = back_off_seconds(step.failures, base_seconds=base_seconds)
            again(step, delay_seconds=at_least_seconds + wait)
            return
        code = "step-timeout" if is_timeout else "step-failed"
        _fail_step(job, step, code=code, detail=detail)


def postpone(claim: Claim, *, detail: str, seconds: float) -> None:
    """Put a step back that waits for somebody outside, until the next look. It has not failed."""
    with tenant_context(claim.tenant_id):
        job, step = _locked(claim)
        if job is not None and step is not None:
            step.error = detail[:500]
            again(step, delay_seconds=seconds + back_off_seconds(1))


def crash(claim: Claim) -> bool:
    """Take a step back from a worker whose lease ran out; after too many crashes its job fails."""
    with tenant_context(claim.tenant_id):
        job, step = _locked(claim)
        if job is None or step is None:
            return False
        step.crashes += 1
        step.error = "The worker stopped before it finished."
        attempts.note(step, AttemptOutcome.CRASHED, at=clock.now(), detail=step.error)
        metrics.LEASE_LOSSES.labels(kind=claim.kind).inc()
        ids = {"tenant_id": claim.tenant_id, "job_id": step.job_id, "step_id": step.pk}
        logger.warning("lease_lost", extra={**ids, "crashes": step.crashes, "worker": step.worker})
        if step.crashes < conf.max_crashes():
            again(step, delay_seconds=0.0)
        else:
            detail = "This step stopped its worker several times and was put in quarantine."
            _fail_step(job, step, code=STEP_QUARANTINED, detail=detail)
        crash_at("lease-taken-before-commit")
    return True


def hand_on(claim: Claim) -> bool:
    """Give a step that goes well to another worker, because this one is to stop. False when it has ended."""
    with tenant_context(claim.tenant_id):
        job, step = _locked(claim)
        if job is None or step is None:
            return False
        metrics.STEPS_HANDED_ON.labels(kind=claim.kind).inc()
        ids = {"tenant_id": claim.tenant_id, "job_id": step.job_id, "step_id": step.pk}
        logger.info("step_handed_on", extra={**ids, "kind": claim.kind, "attempt": claim.attempt})
        attempts.note(step, AttemptOutcome.HANDED_ON, at=clock.now())
        again(step, delay_seconds=0.0)
    return True


def is_ours(claim: Claim) -> bool:
    """Lock the job and the claimed step; False when the claim no longer holds. Call inside a transaction."""
    job, step = _locked(claim)
    return job is not None and step is not None


def back_off_seconds(failures: int, *, base_seconds: float | None = None) -> float:
    """Exponential with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/"""
    base = conf.retry_base_seconds() if base_seconds is None else base_seconds
    ceiling = base * 2 ** (failures - 1)
    return random.uniform(0, ceiling)  # noqa: S311  # spreads load, guards nothing


def end_job(job: RenderJob, *, state: JobState, at: datetime, error: dict[str, Any] | None = None) -> None:
    """Bring a locked job to a final state without a video: unfinished steps end, held quota goes back."""
    unfinished = RenderStep.objects.filter(job=job, state__in=[StepState.READY, StepState.RUNNING])
    unfinished.update(state=StepState.CANCELLED, lease_until=None, finished_at=at)
    crash_at("end-after-steps")
    settlement.give_back(job)
    job.state, job.error, job.finished_at = state, error, at
    job.save(update_fields=["state", "error", "finished_at", "updated_at"])
    metrics.note_end(state)
    _make_room(job)


def _make_room(job: RenderJob) -> None:
    """The next of the tenant's jobs may start."""
    dispatch.after_commit("rendering.start_jobs", tenant_id=str(job.tenant_id))


def _locked(claim: Claim) -> tuple[RenderJob | None, RenderStep | None]:
    """Lock job, then step, always in this order; None when the claim no longer holds."""
    owner = RenderStep.objects.filter(pk=claim.step_id).values("job")
    job = RenderJob.objects.select_for_update().filter(pk__in=owner, state__in=ACTIVE_JOB_STATES).first()
    step = leases.current_step(claim) if job else None
    return (job, step) if step else (None, None)


def _finish_step(step: RenderStep, result: Result, *, seconds: float) -> None:
    step.state = StepState.SUCCEEDED
    step.output, step.charges = result.output, result.charges
    step.is_cached, step.degraded = result.is_cached, result.degraded
    step.work_done, step.seconds = step.work, round(seconds, 3)
    step.error, step.lease_until, step.finished_at = "", None, clock.now()
    step.save()


def _remember(step: RenderStep, result: Result) -> None:
    if step.kind == StepKind.STITCH:
        return
    CacheEntry.objects.bulk_create(
        [
            CacheEntry(
                tenant_id=step.tenant_id,
                # A stand-in is kept under a key that no plan asks for, so that its file has an owner.
                key=result.output["content"],
                kind=step.kind,
                storage_key=result.storage_key,
                size_bytes=result.size_bytes,
                output=result.output,
                unpaid=result.charges,
            )
        ],
        ignore_conflicts=True,
    )


def _unlocks(step: RenderStep) -> bool:
    """Images and narrations unlock segments; the last segment or the sound unlocks the stitch."""
    if step.kind in (StepKind.IMAGE, StepKind.NARRATION):
        return True
    return not RenderStep.objects.filter(job_id=step.job_id).exclude(state=StepState.SUCCEEDED).exists()


def again(step: RenderStep, *, delay_seconds: float) -> None:
    """Make a step ready for its next try. Its job must be locked."""
    step.state, step.lease_until, step.work_done = StepState.READY, None, 0
    # By the database's clock, as the claim: a worker whose clock is wrong delays nobody.
    step.ready_at, step.not_before = Now(), Now() + timedelta(seconds=delay_seconds)
    step.save()
    dispatch.after_commit("rendering.run_step", queue=step.kind, countdown=delay_seconds, kind=str(step.kind))


def _fail_step(job: RenderJob, step: RenderStep, *, code: str, detail: str) -> None:
    at = clock.now()
    step.state, step.lease_until, step.finished_at = StepState.FAILED, None, at
    step.save()
    error = {"code": code, "detail": detail, "kind": step.kind, "scene": step.scene}
    end_job(job, state=JobState.FAILED, at=at, error=error)
    failed = {"code": code, "step": str(step.kind), "scene": step.scene}
    audit.record("render.failed", target=f"render:{job.pk}", detail=failed)
    announcements.ended(job)


def _succeed(job: RenderJob, result: Result) -> None:
    at = clock.now()
    job.state, job.progress, job.finished_at, job.error = JobState.SUCCEEDED, 100, at, None
    job.film_key = result.output["content"]
    job.video_bytes, job.duration_ms = result.output["video_bytes"], result.output["duration_ms"]
    job.stored_bytes = result.output["stored_bytes"]
    degraded = RenderStep.objects.filter(job=job).exclude(degraded="").order_by("ordinal")
    job.degraded = list(dict.fromkeys(degraded.values_list("degraded", flat=True)))
    job.charged = settlement.settle(job, at=at)
    crash_at("after-settle")
    settlement.store_level(job, delta_bytes=job.stored_bytes, reason=f"stored:{job.retries}", at=at)
    job.save()
    announcements.ended(job)
    metrics.note_end(JobState.SUCCEEDED)
    _make_room(job)
    crash_at("before-job-commit")
