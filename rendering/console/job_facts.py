"""What the page of a job says: a timeline of its steps, each try, what went in, and what it holds or cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from metering.meters import Meter
from rendering.attempts import AttemptOutcome, StepAttempt
from rendering.models import RenderJob, RenderStep, StepKind, StepState
from rendering.outcomes import QUARANTINES

ROW, HEAD = 24, 29
_LEFT, _WIDTH = 16.0, 82.0
_MOST_ROWS = 40
_TICKS = 6


@dataclass(frozen=True, kw_only=True)
class Span:
    """A bar of the timeline: percent from the left, pixels from the top."""

    x: float
    y: int
    width: float
    kind: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the timeline: one step with the bars of its tries."""

    name: str
    y: int
    spans: list[Span]
    word: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A moment of the timeline."""

    x: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try of a step as the table shows it. `state` is ok, warn, bad, live or wait."""

    step: str
    number: int
    start: timedelta | None
    seconds: float | None
    worker: str
    state: str
    outcome: str
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class JobFacts:
    """Everything below the head of the page."""

    rows: list[Row]
    ticks: list[Tick]
    height: int
    says: str
    left_out: int
    tries: list[Try]
    log: str
    log_of: str
    held: str
    charged: str
    held_is_open: bool
    is_quarantined: bool
    error: dict[str, Any]
    ran: timedelta | None
    silent: timedelta
    scenes: int
    inputs: list[tuple[str, str, str]]


def of(job: RenderJob, steps: Sequence[RenderStep], *, at: datetime) -> JobFacts:
    """Put the page together from the job, its steps in reading order and their kept tries. One query."""
    attempts = list(
        StepAttempt.everywhere.using("ops").filter(step__job_id=job.pk).order_by("ended_at", "pk")
    )
    begin = job.started_at or job.created_at
    end = max([job.finished_at or at, *(step.finished_at for step in steps if step.finished_at)])
    scale = max((end - begin).total_seconds(), 1.0)
    rows = list(_rows(steps[:_MOST_ROWS], attempts, begin=begin, scale=scale, at=at))
    logged = next((attempt for attempt in reversed(attempts) if attempt.log), None)
    error = job.error or {}
    return JobFacts(
        rows=rows,
        ticks=[_tick(number, scale) for number in range(_TICKS)],
        height=HEAD + ROW * max(len(rows), 1),
        says=_sentence(steps, scale),
        left_out=max(0, len(steps) - _MOST_ROWS),
        tries=sorted(_tries(steps, attempts, begin=begin), key=_newest_first),
        log=logged.log if logged else "",
        log_of=_name(logged.step) if logged else "",
        held=f"{Meter.RENDER.shown(job.estimate.get('amounts', {}).get(Meter.RENDER.value, 0)):g}",
        charged=f"{Meter.RENDER.shown(job.charged.get(Meter.RENDER.value, 0)):g}",
        held_is_open=not job.is_final,
        is_quarantined=error.get("code") in QUARANTINES,
        error=error,
        ran=(job.finished_at or at) - job.started_at if job.started_at else None,
        silent=at - _moved_at(job, steps),
        scenes=len(job.script["scenes"]),
        inputs=list(_inputs(steps)),
    )


def _rows(
    steps: Sequence[RenderStep],
    attempts: Sequence[StepAttempt],
    *,
    begin: datetime,
    scale: float,
    at: datetime,
) -> Iterator[Row]:
    for place, step in enumerate(steps):
        y = HEAD + place * ROW
        spans = [
            _span(each.started_at or each.ended_at, each.ended_at, begin, scale, y, "hot", _words(each))
            for each in attempts
            if each.step_id == step.pk
        ]
        is_over = step.state == StepState.SUCCEEDED and step.finished_at
        if step.state == StepState.RUNNING or is_over:
            end = step.finished_at if is_over and step.finished_at else at
            kind = "ink" if step.state == StepState.RUNNING else "soft"
            says = f"{_name(step)}: {_state(step)}"
            spans.append(_span(step.started_at or end, end, begin, scale, y, kind, says))
        yield Row(name=_name(step), y=y + 10, spans=spans, word="" if spans else _state(step))


def _span(
    start: datetime, end: datetime, begin: datetime, scale: float, y: int, kind: str, says: str
) -> Span:
    x = min(max((start - begin).total_seconds() / scale, 0), 1)
    width = min(max((end - start).total_seconds() / scale, 0.004), 1 - x + 0.004)
    return Span(x=round(_LEFT + x * _WIDTH, 2), y=y, width=round(width * _WIDTH, 2), kind=kind, says=says)


def _tick(number: int, scale: float) -> Tick:
    share = number / (_TICKS - 1)
    seconds = round(scale * share)
    return Tick(x=round(_LEFT + share * _WIDTH, 2), text=f"{seconds // 60}:{seconds % 60:02}")


def _tries(steps: Sequence[RenderStep], attempts: Sequence[StepAttempt], *, begin: datetime) -> Iterator[Try]:
    for attempt in attempts:
        yield Try(
            step=_name(attempt.step),
            number=attempt.number,
            start=attempt.started_at - begin if attempt.started_at else None,
            seconds=(attempt.ended_at - attempt.started_at).total_seconds() if attempt.started_at else None,
            worker=attempt.worker,
            state="warn" if attempt.outcome == AttemptOutcome.HANDED_ON else "bad",
            outcome=attempt.detail or str(attempt.get_outcome_display()),
            log=attempt.log,
        )
    for step in steps:
        if step.started_at and step.state in (StepState.SUCCEEDED, StepState.RUNNING) and not step.is_cached:
            is_done = step.state == StepState.SUCCEEDED
            yield Try(
                step=_name(step),
                number=step.attempt,
                start=step.started_at - begin,
                seconds=step.seconds,
                worker=step.worker,
                state=("warn" if step.degraded else "ok") if is_done else "live",
                outcome=step.degraded or ("done" if is_done else "at work"),
            )


def _newest_first(each: Try) -> tuple[bool, timedelta]:
    return each.state in ("ok", "live"), -(each.start or timedelta())


def _moved_at(job: RenderJob, steps: Sequence[RenderStep]) -> datetime:
    moments = [at for step in steps for at in (step.ready_at, step.started_at, step.finished_at) if at]
    return max([job.updated_at, *moments])


def _inputs(steps: Sequence[RenderStep]) -> Iterator[tuple[str, str, str]]:
    """Of the step that went worst: what it was made from. Keys and numbers only, nobody's words."""
    worst = max(steps, key=lambda step: (step.crashes, step.failures), default=None)
    if worst is None:
        return
    yield "Step", _name(worst), f"try {worst.attempt}"
    yield "Crashes and failures", f"{worst.crashes} and {worst.failures}", ""
    yield "Cache key", worst.cache_key[:16], ""
    if worst.lease_until:
        yield "Lease until", f"{worst.lease_until:%H:%M:%S} UTC", ""
    if worst.not_before:
        yield "Not before", f"{worst.not_before:%H:%M:%S} UTC", ""


def _name(step: RenderStep) -> str:
    place = "" if step.scene is None else f" {step.scene + 1}"
    part = f".{step.part + 1}" if step.kind == StepKind.SEGMENT else ""
    return f"{StepKind(step.kind).label.capitalize()}{place}{part}"


def _state(step: RenderStep) -> str:
    if step.is_cached:
        return "found in the cache"
    return str(step.get_state_display())


def _words(attempt: StepAttempt) -> str:
    return f"Try {attempt.number}: {attempt.detail or attempt.get_outcome_display()}"


def _sentence(steps: Sequence[RenderStep], scale: float) -> str:
    done = sum(step.state == StepState.SUCCEEDED for step in steps)
    return f"Timeline of {len(steps)} steps over {scale:.0f} seconds: {done} done."
