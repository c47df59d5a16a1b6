"""Runs steps. The database decides who works on what; a Celery message is only a doorbell.

Start at `run_next`: claim, perform outside any transaction, complete by the claim's token. Reasons and
measured failure modes: docs/adr/0001-the-database-decides.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db import DatabaseError

from cutroom import clock, outages, tracing
from cutroom.crash_points import crash_at
from cutroom.logs import log_context
from cutroom.scrubbing import frames
from rendering import board, conf, leases, mending, metrics, outcomes, steps
from rendering.leases import Claim, Heartbeat
from rendering.media.errors import MediaCancelled, MediaCrashed, MediaError, MediaTimeout
from rendering.models import JobState, RenderJob, RenderStep, StepKind, StepState
from rendering.outcomes import Result
from rendering.providers.errors import Postponed, ProviderError
from tenants.context import tenant_context

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


def run_next(kind: str) -> bool:
    """Claim and run one step of a kind. False when none was ready: somebody else answered the doorbell.

    A kind that only a newer version knows is left to its workers.
    """
    claim = leases.claim(kind) if kind in StepKind.values else None
    if claim is None:
        return False
    crash_at("after-claim")
    run_claimed(claim)
    return True


def run_claimed(claim: Claim) -> None:
    """Perform a claimed step and record how it ended. Never raises for what the step did."""
    with tenant_context(claim.tenant_id):
        step = RenderStep.objects.select_related("job").get(pk=claim.step_id)
    ids = {"tenant_id": claim.tenant_id, "job_id": step.job_id, "step_id": claim.step_id}
    with (
        log_context(**{name: str(value) for name, value in ids.items()}),
        # A doorbell may have been rung for another job, so the trace rides on the job.
        tracing.span(
            f"step {claim.kind}", parent=step.job.trace, attributes={"attempt": claim.attempt, **ids}
        ),
    ):
        _run(claim, step)


def _run(claim: Claim, step: RenderStep) -> None:
    started = time.monotonic()
    try:
        with Heartbeat(claim) as heartbeat:
            result = steps.perform(step, heartbeat)
    except MediaCancelled:
        logger.warning("step_given_up", extra={"kind": claim.kind, "attempt": claim.attempt})
    except (Postponed, ProviderError) as trouble:
        _come_back(claim, trouble)
    except (MediaTimeout, MediaError, MediaCrashed, OSError) as error:
        if not _written(lambda: mending.mend(claim, step)):
            _explain(claim, error)
    except DatabaseError as error:
        if not outages.is_passing(error):
            raise
        # Nothing is wrong with the step; whoever comes when the database is back may have it.
        _written(lambda: outcomes.hand_on(claim))
    else:
        _finish(claim, step, result, seconds=time.monotonic() - started)


def _finish(claim: Claim, step: RenderStep, result: Result, *, seconds: float) -> None:
    crash_at("before-step-write")
    if not _written(lambda: outcomes.complete(claim, result, seconds=seconds)):
        steps.discard(step)
        return
    metrics.STEP_SECONDS.labels(kind=claim.kind, cached=str(result.is_cached).lower()).observe(seconds)
    logger.info("step_done", extra={"kind": claim.kind, "seconds": round(seconds, 3)})


def _come_back(claim: Claim, error: Postponed | ProviderError) -> None:
    """A provider is not well: wait without counting it, or count it and follow its class of failure."""
    if isinstance(error, Postponed):
        logger.info("step_postponed", extra={"kind": claim.kind, "seconds": error.seconds})
        seconds = error.seconds
        _written(lambda: outcomes.postpone(claim, detail=error.detail, seconds=seconds))
        return
    metrics.STEPS_FAILED.labels(kind=claim.kind, code=error.code).inc()
    logger.warning("step_failed", extra={"kind": claim.kind, "code": error.code})
    failed = partial(
        outcomes.fail,
        claim,
        detail=error.detail,
        is_retryable=error.retryable,
        base_seconds=conf.scaled_back_off(error.fault.retry_base_seconds),
        at_least_seconds=error.retry_after_seconds or 0.0,
    )
    _written(failed)


def _explain(claim: Claim, error: Exception) -> None:
    if isinstance(error, MediaTimeout):
        detail = f"Stopped after {conf.step_timeout_seconds()} seconds."
        _fail(claim, code="timeout", detail=detail, is_retryable=True)
    elif isinstance(error, MediaError):
        _fail(claim, code=error.code, detail=error.detail, is_retryable=error.retryable)
    elif isinstance(error, MediaCrashed):
        detail = "The media process stopped unexpectedly."
        places = frames(error.detail)
        _fail(claim, code="crashed", detail=detail, is_retryable=True, log="\n".join(places), frames=places)
    elif isinstance(error, OSError):
        _fail(claim, code="not-written", detail=steps.explain(error), is_retryable=True, errno=error.errno)


def _fail(
    claim: Claim, *, code: str, detail: str, is_retryable: bool, log: str = "", **evidence: Any
) -> None:
    metrics.STEPS_FAILED.labels(kind=claim.kind, code=code).inc()
    logger.warning("step_failed", extra={"kind": claim.kind, "code": code, **evidence})
    is_timeout = code == "timeout"
    _written(
        lambda: outcomes.fail(claim, detail=detail, is_retryable=is_retryable, is_timeout=is_timeout, log=log)
    )


def _written(deed: Callable[[], Answer]) -> Answer:
    """Write how a step ended, through an outage of the database as long as somebody might wait for it."""
    return outages.patiently(deed, seconds=conf.lease_seconds())


def start_jobs(*, tenant_id: UUID) -> int:
    """Start a tenant's queued jobs, oldest first, while it has room; returns how many. Safe to repeat.

    A tenant works on RENDERING_JOBS_AT_ONCE jobs at a time: its first videos are done sooner, and a thousand
    jobs do not become a hundred thousand steps at once.
    """
    started = 0
    while _start_next(tenant_id):
        started += 1
    return started


def start_job(*, tenant_id: UUID, job_id: UUID) -> None:
    """Place a job's next steps, also of a running one that lost its way. Safe to repeat."""
    with tenant_context(tenant_id):
        job = RenderJob.objects.select_for_update().filter(pk=job_id).first()
        if job is not None and not job.is_final:
            _move_on(job)


def _start_next(tenant_id: UUID) -> bool:
    with tenant_context(tenant_id):
        if RenderJob.objects.filter(state=JobState.RUNNING).count() >= conf.jobs_at_once():
            return False
        waiting = RenderJob.objects.select_for_update(skip_locked=True).filter(state=JobState.QUEUED)
        job = waiting.order_by("created_at", "pk").first()
        if job is not None:
            _move_on(job)
    return job is not None


def _move_on(job: RenderJob) -> None:
    if job.state == JobState.QUEUED:
        job.state, job.started_at = JobState.RUNNING, clock.now()
        job.save(update_fields=["state", "started_at", "updated_at"])
        # A job that is tried again has steps already, and nobody rang for them while it stood in line.
        board.ring_for(list(RenderStep.objects.filter(job=job, state=StepState.READY)))
    board.advance(job)
    leases.record_progress(job.pk)
