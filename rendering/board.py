"""The board of a job: compares the plan with the rows, places new steps, takes cached ones as done."""

from __future__ import annotations

from datetime import timedelta

from cutroom import clock, dispatch
from rendering import given, pipeline, selectors
from rendering.film import Film, Known, Slot, StepDraft
from rendering.models import CacheEntry, RenderJob, RenderStep, StepKind, StepState

ORDER = {kind: place for place, kind in enumerate(StepKind)}


def advance(job: RenderJob) -> None:
    """Place every step that has become possible and ring for it. The job's row must be locked.

    Cached outputs finish their steps at once, which may make further steps possible; so it goes round until
    nothing new can be placed.
    """
    film = Film.of(job)
    steps = list(selectors.job_steps(job))
    known: Known = {slot(s): s.output for s in steps if s.state == StepState.SUCCEEDED}
    placed = {slot(s) for s in steps}
    ready: list[RenderStep] = []
    while drafts := _placeable(pipeline.plan(film, known), placed=placed, steps=[*steps, *ready]):
        fresh = _place(job, drafts)
        placed |= {draft.slot for draft in drafts}
        known |= {slot(s): s.output for s in fresh if s.state == StepState.SUCCEEDED}
        ready += [s for s in fresh if s.state == StepState.READY]
    job.work_total = pipeline.outlook(film, known)
    job.save(update_fields=["work_total", "updated_at"])
    ring_for(ready)


def slot(step: RenderStep) -> Slot:
    """What makes the step unique within its job."""
    return (step.kind, step.scene, step.part)


def ring_for(steps: list[RenderStep]) -> None:
    """One doorbell a step, after commit."""
    for step in steps:
        dispatch.after_commit("rendering.run_step", queue=step.kind, kind=str(step.kind))


def _placeable(drafts: list[StepDraft], *, placed: set[Slot], steps: list[RenderStep]) -> list[StepDraft]:
    """What is new. Segments wait until somebody has taken every narration that can be taken.

    The sound needs all of them: begun early it is made beside the segments, begun last it is waited for.
    """
    now = clock.now()
    is_waiting = any(
        step.kind == StepKind.NARRATION
        and step.state == StepState.READY
        and (step.not_before is None or step.not_before <= now)
        for step in steps
    )
    return [d for d in drafts if d.slot not in placed and not (is_waiting and d.kind == StepKind.SEGMENT)]


def _place(job: RenderJob, drafts: list[StepDraft]) -> list[RenderStep]:
    steps = [_row(job, draft) for draft in drafts]
    hits = cached(steps)
    for step in steps:
        _settle_without_work(step, hits.get(step.cache_key))
    RenderStep.objects.bulk_create(steps)
    return steps


def _row(job: RenderJob, draft: StepDraft) -> RenderStep:
    return RenderStep(
        tenant_id=job.tenant_id,
        job=job,
        kind=draft.kind,
        scene=draft.scene,
        part=draft.part,
        ordinal=ORDER[draft.kind] * 10_000 + (draft.scene or 0),
        inputs=draft.inputs,
        cache_key=draft.cache_key,
        work=draft.work,
        charges=draft.charges,
    )


def cached(steps: list[RenderStep]) -> dict[str, CacheEntry]:
    """Cache entries for the steps' keys. They are noted as used, so that nobody removes them meanwhile."""
    entries = CacheEntry.objects.filter(key__in={step.cache_key for step in steps})
    now = clock.now()
    entries.filter(used_at__lt=now - timedelta(days=1)).update(used_at=now)
    return {entry.key: entry for entry in entries}


def _settle_without_work(step: RenderStep, entry: CacheEntry | None) -> None:
    """A given picture and an empty narration need no work; a cache hit needs none again."""
    if step.kind == StepKind.IMAGE and "asset" in step.inputs:
        step.output = given.picture(step.inputs)
        step.charges = {}
    elif step.kind == StepKind.NARRATION and given.is_silent(step.inputs):
        step.output = {"content": "", "storage_key": "", "duration_ms": 0, "words": []}
    elif entry is not None:
        step.output = entry.output
        step.is_cached = True
        # Work of a job that never succeeded is paid by the first video that uses it.
        step.charges = entry.unpaid
    else:
        return
    step.state = StepState.SUCCEEDED
    step.work_done = step.work
