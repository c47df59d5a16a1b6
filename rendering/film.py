"""The film a job asks for, and the steps it is made of. Plain values; pipeline.py plans with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rendering import timeline
from rendering.keys import content_key
from rendering.models import Project, RenderJob, StepKind

Slot = tuple[str, int | None, int]
Known = dict[Slot, dict[str, Any]]

WORK = {StepKind.IMAGE: 30, StepKind.NARRATION: 30, StepKind.SOUND: 30, StepKind.STITCH: 60}


@dataclass(frozen=True, kw_only=True)
class StepDraft:
    """A step that can be made now: what it depends on, its share of the progress, its price when new."""

    kind: StepKind
    scene: int | None
    part: int = 0
    inputs: dict[str, Any]
    work: int
    charges: dict[str, int] = field(default_factory=dict)

    @property
    def slot(self) -> Slot:
        """What makes the step unique within its job."""
        return (self.kind, self.scene, self.part)

    @property
    def cache_key(self) -> str:
        """The hash under which its output is found again."""
        return content_key(self.kind, self.inputs)


@dataclass(frozen=True, kw_only=True)
class Film:
    """A job's script and settings, as far as the plan needs them."""

    script: dict[str, Any]
    resolution: str
    aspect: str
    fps: int
    quality: str
    title: str

    @classmethod
    def of(cls, job: RenderJob) -> Film:
        """The film a job asks for."""
        return cls(
            script=job.script,
            resolution=job.resolution,
            aspect=job.aspect,
            fps=job.fps,
            quality=job.quality,
            title=job.title,
        )

    @classmethod
    def shown(
        cls,
        project: Project,
        script: dict[str, Any],
        *,
        resolution: str = "720p",
        fps: int = 24,
        quality: str = "final",
    ) -> Film:
        """A film of the project as it is now."""
        shape = {"aspect": project.aspect, "title": project.title}
        return cls(script=script, resolution=resolution, fps=fps, quality=quality, **shape)

    @property
    def scenes(self) -> list[dict[str, Any]]:
        """The scenes in order."""
        return list(self.script["scenes"])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the video in pixels."""
        if self.is_draft:
            return timeline.DRAFT_SIZES[self.aspect]
        return timeline.SIZES[self.resolution, self.aspect]

    @property
    def brand(self) -> dict[str, Any]:
        """Colours, font and logo of the tenant's brand; empty without one."""
        return dict(self.script.get("brand") or {})

    def language(self, scene: dict[str, Any]) -> str:
        """What a scene is spoken and written in: its own language, or the project's."""
        return str(scene.get("language") or self.script["language"])

    def timing(self, index: int, speech_ms: int) -> timeline.SceneTiming:
        """When a scene's voice begins and how many frames it has."""
        wanted = self.scenes[index]["duration_seconds"]
        return timeline.scene_timing(speech_ms=speech_ms, wanted_seconds=wanted, fps=self.fps)

    @property
    def burns_captions(self) -> bool:
        """Are captions part of the picture?"""
        return self.script.get("captions", "burned") in ("words", "burned")

    @property
    def caption_place(self) -> str:
        """Where burned captions are wanted; the foot when there are none to burn."""
        return str(self.script.get("caption_place", "bottom")) if self.burns_captions else "bottom"

    @property
    def is_draft(self) -> bool:
        """Is it only to look at? Then it costs no render minutes."""
        return self.quality == "draft"
