"""What the editor shows of a project: its scenes as frames, with estimated lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from rendering import pipeline, snapshots, timeline
from rendering.choices import Aspect
from rendering.film import Film
from rendering.models import CacheEntry, Project, Scene, StepKind
from rendering.thumbnails import thumbnail_version

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One scene on the board. Lengths are guesses until the scene has been spoken."""

    number: int
    scene: Scene
    starts_at: int
    milliseconds: int
    picture_url: str

    @property
    def words(self) -> str:
        """The first words of the scene, or what it shows when nobody speaks."""
        scene = self.scene
        text = scene.narration.strip() or scene.heading.strip() or scene.image_prompt.strip()
        return text[:_SHOWN_CHARACTERS] or "Empty scene"


@dataclass(frozen=True, kw_only=True)
class Storyboard:
    """A project's frames in order."""

    frames: Sequence[Frame]
    aspect: Aspect

    @property
    def milliseconds(self) -> int:
        """Estimated length of the whole."""
        return sum(frame.milliseconds for frame in self.frames)

    def frame(self, number: int) -> Frame | None:
        """The frame with this number, else the nearest; None on an empty board."""
        if not self.frames:
            return None
        return self.frames[min(max(number, 1), len(self.frames)) - 1]


def storyboard(
    *, project: Project, scenes: Sequence[Scene], fps: int, spoken: Mapping[int, int] | None = None
) -> Storyboard:
    """Lay out `scenes`, which are the project's in order; `spoken` is what `spoken_lengths` knows of them."""
    frames, start = [], 0
    for number, scene in enumerate(scenes, start=1):
        known = (spoken or {}).get(scene.position)
        length = _milliseconds(scene, known, language=scene.language or project.language, fps=fps)
        url = picture_url(project, scene)
        frames.append(
            Frame(number=number, scene=scene, starts_at=start, milliseconds=length, picture_url=url)
        )
        start += length
    return Storyboard(frames=frames, aspect=Aspect(project.aspect))


def spoken_lengths(project: Project, scenes: Sequence[Scene]) -> dict[int, int]:
    """How long the voices that were made already take, in milliseconds by the scene's position. One query."""
    script = snapshots.script_of(project, list(scenes))
    film = Film.shown(project, script)
    keys = {
        draft.cache_key: film.scenes[draft.scene or 0]["position"]
        for draft in pipeline.plan(film, {})
        if draft.kind == StepKind.NARRATION
    }
    entries = CacheEntry.objects.filter(key__in=keys).values_list("key", "output__duration_ms")
    return {keys[key]: int(length) for key, length in entries}


def picture_url(project: Project, scene: Scene) -> str:
    """Where the scene's thumbnail is; another address when it looks different."""
    path = reverse("rendering-pages:scene-picture", args=[project.slug, scene.pk])
    return f"{path}?v={thumbnail_version(scene, project=project)}"


def _milliseconds(scene: Scene, known: int | None, *, language: str, fps: int) -> int:
    if known is not None:
        spoken = known
    elif scene.recording is not None:
        spoken = round(1000 * (scene.recording.duration_seconds or 0))
    else:
        spoken = timeline.estimated_speech_ms(scene.narration, language=language)
    timing = timeline.scene_timing(speech_ms=spoken, wanted_seconds=scene.duration_seconds, fps=fps)
    return round(timing.frames * 1000 / fps)
