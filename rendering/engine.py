"""Runs steps. The database decides who works on what; a Celery message is only a doorbell.

Start at `run_next`: claim, perform outside any transaction, complete by the claim's token. Reasons and
measured failure modes: docs/adr/0001-the-database-decides.md.
"""

from __future__ import annotations

import logging
import time
from uuid import UUID

from cutroom import clock
from rendering import board, conf, leases, outcomes, steps
from rendering.leases import Claim, Heartbeat
from rendering.media.errors import MediaCancelled, MediaCrashed, MediaError, MediaTimeout
from rendering.models import JobState, RenderJob, RenderStep
from tenants.context import tenant_context

logger = logging.getLogger(__name__)


def run_next(kind: str) -> bool:
    """Claim and run one step of a kind. False when none was ready: somebody else answered the doorbell."""
    claim = leases.claim(kind)
    if claim is None:
        return False
    run_claimed(claim)
    return True


def run_claimed(claim: Claim) -> None:
    """Perform a claimed step and record how it ended. Never raises for what the step did."""
    with tenant_context(claim.tenant_id):
        step = RenderStep.objects.select_related("job").get(pk=claim.step_id)
    started = time.monotonic()
    try:
        with Heartbeat(claim) as heartbeat:
            result = steps.perform(step, heartbeat)
    except MediaCancelled:
        logger.warning("step_given_up", extra={"step": str(step.pk), "attempt": claim.attempt})
    except MediaTimeout:
        detail = f"Stopped after {conf.step_timeout_seconds()} seconds."
        outcomes.fail(claim, detail=detail, is_retryable=True, is_timeout=True)
    except MediaError as error:
        logger.warning("step_refused", extra={"step": str(step.pk), "code": error.code})
        outcomes.fail(claim, detail=error.detail, is_retryable=error.retryable)
    except MediaCrashed as error:
        logger.warning("media_child_crashed", extra={"step": str(step.pk), "stderr": error.detail})
        outcomes.fail(claim, detail="The media process stopped unexpectedly.", is_retryable=True)
    except OSError as error:
        logger.exception("step_could_not_write", extra={"step": str(step.pk)})
        outcomes.fail(claim, detail=steps.explain(error), is_retryable=True)
    else:
        if not outcomes.complete(claim, result, seconds=time.monotonic() - started):
            steps.discard(step)


def start_job(*, tenant_id: UUID, job_id: UUID) -> None:
    """Place a queued job's first steps, or move on a running one that lost its way. Safe to repeat."""
    with tenant_context(tenant_id):
        job = RenderJob.objects.select_for_update().filter(pk=job_id).first()
        if job is None or job.is_final:
            return
        if job.state == JobState.QUEUED:
            job.state, job.started_at = JobState.RUNNING, clock.now()
            job.save(update_fields=["state", "started_at", "updated_at"])
        board.advance(job)
        leases.record_progress(job.pk)
