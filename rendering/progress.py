"""What the status page says about a render, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rendering import conf, selectors
from rendering.models import JobState, RenderJob, StepKind
from rendering.selectors import StepGroup

_NAMES = {
    StepKind.IMAGE: "Pictures",
    StepKind.NARRATION: "Narration",
    StepKind.SEGMENT: "Segments",
    StepKind.SOUND: "Sound",
    StepKind.STITCH: "Stitch and check",
}
# People are told when one of these is passed, not at each percent.
_ANNOUNCED_PERCENT = 25


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """One line of the step list. `state` is done, doing, todo or failed."""

    name: str
    state: str
    done: int
    total: int
    attempt: int
    max_attempts: int
    milliseconds: float
    degraded: Sequence[str]
    errors: Sequence[str]

    @property
    def is_counted(self) -> bool:
        """Sound and stitch are single steps: their count says nothing."""
        return self.total > 1


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Everything on the status page that changes while it is open."""

    state: str
    percent: int
    announced_percent: int
    seconds_left: int | None
    lines: Sequence[StepLine]
    take: int
    milliseconds: int | None
    charged: Mapping[str, int]
    video_bytes: int | None
    retries: int

    @property
    def is_final(self) -> bool:
        """Will nothing change any more?"""
        return self.state not in (JobState.QUEUED, JobState.RUNNING)


def progress_of(job: RenderJob, *, at: datetime) -> Progress:
    """Read what the page shows of `job` at a moment; three queries at most."""
    return Progress(
        state=job.state,
        percent=job.progress,
        announced_percent=job.progress - job.progress % _ANNOUNCED_PERCENT,
        seconds_left=selectors.seconds_left(job, at),
        lines=[_line(group, job) for group in selectors.step_summary(job)],
        take=_take(job),
        milliseconds=job.duration_ms,
        charged=job.charged,
        video_bytes=job.video_bytes,
        retries=job.retries,
    )


def _line(group: StepGroup, job: RenderJob) -> StepLine:
    return StepLine(
        name=_NAMES[group.kind],
        state=_state(group, job),
        done=group.done,
        total=group.total,
        attempt=group.attempt,
        max_attempts=conf.max_failures(),
        milliseconds=group.seconds * 1000,
        degraded=group.degraded,
        errors=group.errors,
    )


def _state(group: StepGroup, job: RenderJob) -> str:
    if group.is_done:
        return "done"
    if job.state == JobState.FAILED and group.errors:
        return "failed"
    return "doing" if group.is_running or (group.done and not job.is_final) else "todo"


def _take(job: RenderJob) -> int:
    """Which attempt at its project's film this is; 1 for the first render."""
    if job.project_id is None:
        return 1
    return RenderJob.objects.filter(project_id=job.project_id, created_at__lte=job.created_at).count()
