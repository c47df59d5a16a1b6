"""Where the time of one render went, told from the rows of its steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from rendering.models import RenderJob, RenderStep, StepKind
from tenants.context import tenant_context


@dataclass(frozen=True, kw_only=True)
class Kind:
    """All steps of one kind: how many, how many of them came from the cache, seconds of the others."""

    steps: int
    cached: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Span:
    """A step at work: its worker, and seconds since the job was made."""

    worker: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Seconds of one render.

    `before_first` from the job's row to its first step, `between_steps` the mean pause of a worker from one
    step to its next, `idle_share` what the workers did not use of the time until the job ended.
    """

    seconds: float
    kinds: dict[str, Kind]
    before_first: float
    between_steps: float
    idle_share: float
    seconds_by_busy_workers: dict[int, float]

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def of_render(job: RenderJob, *, workers: int) -> Phases:
    """Measure a succeeded job that ran on this many worker processes."""
    with tenant_context(job.tenant_id):
        steps = list(RenderStep.objects.filter(job=job).order_by("started_at"))
    if job.finished_at is None:
        raise ValueError("the job has not ended")
    seconds = (job.finished_at - job.created_at).total_seconds()
    spans = list(_spans(job, steps))
    busy = _seconds_by_busy_workers(spans, seconds=seconds)
    used = sum(count * share for count, share in busy.items())
    return Phases(
        seconds=seconds,
        kinds=_kinds(steps),
        before_first=min((span.start for span in spans), default=seconds),
        between_steps=_mean(_pauses(spans)),
        idle_share=1 - used / (workers * seconds),
        seconds_by_busy_workers=busy,
    )


def counts(job: RenderJob) -> dict[str, Kind]:
    """Steps by kind."""
    with tenant_context(job.tenant_id):
        return _kinds(list(RenderStep.objects.filter(job=job)))


def _kinds(steps: Sequence[RenderStep]) -> dict[str, Kind]:
    return {
        str(kind): Kind(
            steps=sum(step.kind == kind for step in steps),
            cached=sum(step.kind == kind and step.is_cached for step in steps),
            seconds=round(sum(step.seconds or 0.0 for step in steps if step.kind == kind), 3),
        )
        for kind in StepKind
    }


def _spans(job: RenderJob, steps: Sequence[RenderStep]) -> Iterator[Span]:
    """Steps that a worker did; cached and given ones never start."""
    for step in steps:
        if step.started_at and step.finished_at:
            start = (step.started_at - job.created_at).total_seconds()
            end = (step.finished_at - job.created_at).total_seconds()
            yield Span(worker=step.worker, start=start, end=end)


def _pauses(spans: Sequence[Span]) -> Iterator[float]:
    by_worker: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start):
        by_worker[span.worker].append(span)
    for own in by_worker.values():
        yield from (later.start - earlier.end for earlier, later in pairwise(own))


def _seconds_by_busy_workers(spans: Sequence[Span], *, seconds: float) -> dict[int, float]:
    """For how long no worker, one worker, two workers … were at work."""
    changes = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
    busy: dict[int, float] = defaultdict(float)
    count, since = 0, 0.0
    for at, change in [*changes, (seconds, 0)]:
        busy[count] += max(0.0, at - since)
        count, since = count + change, max(at, since)
    return {count: round(share, 3) for count, share in sorted(busy.items())}


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
