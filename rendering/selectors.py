"""Reads of the rendering app, shaped for its edges. Call everything inside tenant_context."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Prefetch, QuerySet

from cutroom.errors import NotFound
from rendering import brands, timeline
from rendering.intake.models import Upload, UploadState
from rendering.models import (
    Asset,
    AssetKind,
    JobState,
    Project,
    RenderJob,
    RenderStep,
    Scene,
    StepKind,
    StepState,
)
from rendering.providers.models import ScriptDraft
from rendering.publishing.models import Publication, YouTubeChannel

# Below this, progress says too little about speed.
_TELLING_PROGRESS = 5

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, kw_only=True)
class StepGroup:
    """All steps of one kind, as a page shows them: "Images 3/3". `seconds` is their work added up."""

    kind: StepKind
    done: int
    total: int
    is_running: bool
    attempt: int
    seconds: float
    degraded: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Is nothing of this kind left to do?"""
        return self.done >= self.total


def projects() -> QuerySet[Project]:
    """The tenant's projects with their scenes, newest first."""
    scenes = Scene.objects.select_related("image", "recording").order_by("position")
    found = Project.objects.select_related("music_asset").order_by("-created_at", "-id")
    return brands.beside(found).prefetch_related(Prefetch("scenes", queryset=scenes))


def project_with_scenes(slug: str) -> Project:
    """One project with its scenes at hand. Raises NotFound."""
    return _found(projects().filter(slug=slug))


def project_by_slug(slug: str) -> Project:
    """One project, in one query. Raises NotFound."""
    return _found(brands.beside(Project.objects.select_related("music_asset")).filter(slug=slug))


def script_draft(draft_id: UUID) -> ScriptDraft:
    """A script that was asked for. Raises NotFound."""
    return _found(ScriptDraft.objects.filter(pk=draft_id))


def youtube_channel() -> YouTubeChannel | None:
    """The channel the tenant has connected."""
    return YouTubeChannel.objects.first()


def publications() -> QuerySet[Publication]:
    """What went to YouTube or is on its way, newest first."""
    return Publication.objects.order_by("-created_at", "-pk")


def publication_of(job: RenderJob) -> Publication | None:
    """The newest publication of a video."""
    return publications().filter(job=job).first()


def upload(upload_id: UUID, *, is_locked: bool = False) -> Upload:
    """A file on its way in; locked until the transaction ends if so wanted. Raises NotFound."""
    found = Upload.objects.select_for_update() if is_locked else Upload.objects.all()
    return _found(found.filter(pk=upload_id))


def arriving(scene: Scene) -> Upload | None:
    """The newest file sent for a scene while it is on its way or being prepared, and when it was refused."""
    newest = Upload.objects.filter(scene=scene).order_by("-created_at").first()
    return None if newest is None or newest.state == UploadState.READY else newest


def scene_of(project: Project, scene_id: UUID) -> Scene:
    """One scene of a project. Raises NotFound."""
    return _found(
        Scene.objects.select_related("image", "recording", "project").filter(project=project, pk=scene_id)
    )


def project_assets(project: Project) -> QuerySet[Asset]:
    """A project's assets, newest first."""
    return Asset.objects.filter(project=project).select_related("project").order_by("-created_at", "-id")


def sounds(project: Project) -> list[Asset]:
    """The sound files of a project by name, to choose music from."""
    return list(Asset.objects.filter(project=project, kind=AssetKind.AUDIO).order_by("name", "id"))


def asset_of(project: Project, asset_id: UUID) -> Asset:
    """One asset of a project. Raises NotFound."""
    return _found(project_assets(project).filter(pk=asset_id))


def renders() -> QuerySet[RenderJob]:
    """The tenant's render jobs with their projects but without their scripts, newest first."""
    return RenderJob.objects.select_related("project").defer("script").order_by("-created_at", "-id")


def render(render_id: UUID) -> RenderJob:
    """One render job. Raises NotFound."""
    return _found(RenderJob.objects.select_related("project").filter(pk=render_id))


def job_steps(job: RenderJob) -> QuerySet[RenderStep]:
    """A job's steps in the order people read them."""
    return RenderStep.objects.filter(job=job).order_by("ordinal", "scene", "part")


def step_summary(job: RenderJob) -> list[StepGroup]:
    """The job's steps by kind, in working order. Totals are guesses for steps that cannot be placed yet."""
    steps = list(job_steps(job).defer("inputs", "output"))
    totals = _expected(job, steps)
    return [_group(kind, [s for s in steps if s.kind == kind], totals[kind]) for kind in StepKind]


def seconds_left(job: RenderJob, at: datetime) -> int | None:
    """How long the job will take from `at`: by its own speed once that shows, before by the estimate.

    None when it is final. Never less than one second for a job that has not ended.
    """
    if job.is_final:
        return None
    elapsed = (at - job.started_at).total_seconds() if job.started_at else 0.0
    if job.state == JobState.RUNNING and job.progress >= _TELLING_PROGRESS:
        left = elapsed * (100 - job.progress) / job.progress
    else:
        left = float(job.estimate.get("seconds", 0)) - elapsed
    return max(1, math.ceil(left))


def _found(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise NotFound()
    return row


def _group(kind: StepKind, steps: list[RenderStep], total: int) -> StepGroup:
    return StepGroup(
        kind=kind,
        done=sum(step.state == StepState.SUCCEEDED for step in steps if _is_counted(step)),
        total=total,
        is_running=any(step.state == StepState.RUNNING for step in steps),
        attempt=max((step.attempt for step in steps), default=0),
        seconds=sum(step.seconds or 0.0 for step in steps),
        degraded=_distinct(step.degraded for step in steps),
        errors=_distinct(step.error for step in steps),
    )


def _is_counted(step: RenderStep) -> bool:
    """Words set beside a picture are a second part of the same image."""
    return step.kind != StepKind.IMAGE or step.part == 0


def _distinct(notes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for note in notes if note))


def _expected(job: RenderJob, steps: list[RenderStep]) -> dict[StepKind, int]:
    scenes = job.script["scenes"]
    planned = {step.scene for step in steps if step.kind == StepKind.SEGMENT}
    segments = sum(step.kind == StepKind.SEGMENT for step in steps)
    segments += sum(
        _guessed_segments(job, scene) for index, scene in enumerate(scenes) if index not in planned
    )
    return {
        StepKind.IMAGE: len(scenes),
        StepKind.NARRATION: len(scenes),
        StepKind.SEGMENT: segments,
        StepKind.SOUND: 1,
        StepKind.STITCH: 1,
    }


def _guessed_segments(job: RenderJob, scene: dict[str, object]) -> int:
    language = str(scene.get("language") or job.script["language"])
    spoken = timeline.estimated_speech_ms(str(scene["narration"]), language=language)
    wanted = scene["duration_seconds"]
    timing = timeline.scene_timing(
        speech_ms=spoken, wanted_seconds=float(str(wanted)) if wanted else None, fps=job.fps
    )
    return len(timeline.parts(timing.frames))
