"""What the engine counts, and how its queues stand. Labels are kinds, states and codes."""

from __future__ import annotations

import logging
import time

from django.core.cache import cache
from django.db import transaction
from prometheus_client import Counter, Histogram
from redis.exceptions import RedisError

from cutroom import metrics
from cutroom.metrics import Reading, Values
from rendering.models import ACTIVE_JOB_STATES, StepKind

logger = logging.getLogger(__name__)

LEASE_LOSSES = Counter(
    "cutroom_lease_losses", "Steps taken back from a worker that was silent too long.", ["kind"]
)
FENCED_WRITES = Counter(
    "cutroom_fenced_writes", "Results refused because another worker had taken the step over.", ["kind"]
)
STEPS_FAILED = Counter("cutroom_steps_failed", "Tries of a step that ended badly.", ["kind", "code"])
STEPS_HANDED_ON = Counter(
    "cutroom_steps_handed_on", "Running steps given back by a worker that was told to stop.", ["kind"]
)
JOBS_ENDED = Counter("cutroom_jobs_ended", "Render jobs that reached a final state.", ["state"])
STEP_SECONDS = Histogram(
    "cutroom_step_seconds",
    "Time from claim to result of steps that succeeded.",
    ["kind", "cached"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60),
)

PROVIDER_CALLS = Counter("cutroom_provider_calls", "Calls to providers outside.", ["provider", "outcome"])
PROVIDER_DOLLARS = Counter("cutroom_provider_dollars", "What answered calls cost, as priced.", ["provider"])
PUBLICATIONS_ENDED = Counter(
    "cutroom_publications_ended", "Videos that arrived elsewhere, or did not.", ["state", "code"]
)
PROVIDER_SECONDS = Histogram(
    "cutroom_provider_seconds",
    "Time until a provider's whole answer was there.",
    ["provider"],
    buckets=(0.25, 0.5, 1, 2, 4, 8, 15, 30, 60),
)

_SWEPT_AT = "rendering:swept_at"

# How long each kind's oldest ready step waits, and how many do. Steps that back off are not late yet.
_QUEUES = """
SELECT kind, count(*), extract(epoch FROM clock_timestamp() - min(greatest(ready_at, not_before)))
FROM rendering_renderstep
WHERE state = 'ready' AND coalesce(not_before, ready_at) <= clock_timestamp() GROUP BY kind
"""
_RUNNING = "SELECT kind, count(*) FROM rendering_renderstep WHERE state = 'running' GROUP BY kind"
_JOBS = """
SELECT job.state, count(*), extract(epoch FROM clock_timestamp() - min(greatest(job.updated_at, moved_at)))
FROM rendering_renderjob job
LEFT JOIN LATERAL (
    SELECT max(greatest(ready_at, started_at, finished_at)) AS moved_at
    FROM rendering_renderstep WHERE job_id = job.id
) step ON true
WHERE job.state IN ('queued', 'running') GROUP BY job.state
"""
_PROVIDERS = """
SELECT name, CASE WHEN rests_until IS NULL THEN 0 ELSE 1 END, failures FROM rendering_providerstate
"""


def note_end(state: str) -> None:
    """Count a job that reached a final state, once the transaction that says so has committed."""

    def count() -> None:
        JOBS_ENDED.labels(state=str(state)).inc()

    transaction.on_commit(count)


def note_call(provider: str, outcome: str, *, seconds: float | None = None, micros: int = 0) -> None:
    """Count a call to a provider; `outcome` is ok or the code of what went wrong."""
    PROVIDER_CALLS.labels(provider=provider, outcome=outcome).inc()
    if seconds is not None:
        PROVIDER_SECONDS.labels(provider=provider).observe(seconds)
        PROVIDER_DOLLARS.labels(provider=provider).inc(micros / 1_000_000)


def note_sweep() -> None:
    """Remember that a sweep ended just now; without Redis nobody does, and sweeping goes on."""
    try:
        cache.set(_SWEPT_AT, time.time(), timeout=None)
    except RedisError as error:
        logger.warning("sweep_not_noted", extra={"error": type(error).__name__})


def sweep_age_seconds() -> float | None:
    """Time since a sweep ended; None when none is remembered."""
    swept_at = cache.get(_SWEPT_AT)
    return None if swept_at is None else max(0.0, time.time() - swept_at)


def _queue_ages() -> Values:
    ages = {kind: max(0.0, float(age)) for kind, _, age in metrics.rows(_QUEUES)}
    return {(kind.value,): ages.get(kind, 0.0) for kind in StepKind}


def _queue_lengths() -> Values:
    lengths = {kind: count for kind, count, _ in metrics.rows(_QUEUES)}
    return {(kind.value,): lengths.get(kind, 0) for kind in StepKind}


def _steps_running() -> Values:
    running = dict(metrics.rows(_RUNNING))
    return {(kind.value,): running.get(kind, 0) for kind in StepKind}


def _jobs() -> Values:
    jobs = {state: count for state, count, _ in metrics.rows(_JOBS)}
    return {(state.value,): jobs.get(state, 0) for state in ACTIVE_JOB_STATES}


def _job_silence() -> Values:
    silence = {state: max(0.0, float(age)) for state, _, age in metrics.rows(_JOBS)}
    return {(state.value,): silence.get(state, 0.0) for state in ACTIVE_JOB_STATES}


def _resting() -> Values:
    return {(name,): float(rests) for name, rests, _ in metrics.rows(_PROVIDERS)}


def _provider_failures() -> Values:
    return {(name,): float(failures) for name, _, failures in metrics.rows(_PROVIDERS)}


def _sweep_age() -> Values:
    return metrics.one(sweep_age_seconds())


metrics.register(
    Reading(
        name="queue_oldest_seconds",
        help="How long the oldest step of a kind has been ready without a worker.",
        labels=("kind",),
        read=_queue_ages,
    ),
    Reading(
        name="queue_length", help="Steps of a kind that are ready.", labels=("kind",), read=_queue_lengths
    ),
    Reading(name="steps_running", help="Steps of a kind in progress.", labels=("kind",), read=_steps_running),
    Reading(name="jobs", help="Render jobs that have not ended.", labels=("state",), read=_jobs),
    Reading(
        name="job_silent_seconds",
        help="How long the quietest job that has not ended has shown no change.",
        labels=("state",),
        read=_job_silence,
    ),
    Reading(
        name="provider_resting",
        help="Whether a provider is not asked at present, because it failed too often (1) or not (0).",
        labels=("provider",),
        read=_resting,
    ),
    Reading(
        name="provider_failures",
        help="Failures of a provider in a row.",
        labels=("provider",),
        read=_provider_failures,
    ),
    Reading(name="sweep_age_seconds", help="Time since a sweeper last went round.", read=_sweep_age),
)
