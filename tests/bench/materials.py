"""What a finished render was made of, as files for those it is compared with."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendering.keys import video_key
from rendering.media.specs import SegmentSpec
from rendering.models import RenderJob, RenderStep, StepKind
from tenants import storage
from tenants.context import tenant_context


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A spoken scene and the second of the film at which it starts."""

    path: Path
    start_seconds: float


@dataclass(frozen=True, kw_only=True)
class Materials:
    """What the engine was given and what it spoke: the others get it as files and need not do it themselves.

    `segments` describe every frame of the film, captions included.
    """

    stills: list[Path]
    voices: list[Voice]
    captions: Path
    segments: list[SegmentSpec]


def of_render(job: RenderJob, directory: Path) -> Materials:
    """Copy the materials of a succeeded job into `directory`, which outlives the installation; empties it."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with tenant_context(job.tenant_id):
        steps = list(RenderStep.objects.filter(job=job).order_by("ordinal", "part"))
        captions = _copy(video_key(job, "srt"), directory)
        segments = [_segment(step.inputs, directory) for step in steps if step.kind == StepKind.SEGMENT]
        sound = next(step for step in steps if step.kind == StepKind.SOUND)
        voices = _voices(sound.inputs, directory)
    stills = [Path(segment.still_path) for segment in segments]
    return Materials(stills=stills, voices=voices, captions=captions, segments=segments)


def _segment(inputs: dict[str, Any], directory: Path) -> SegmentSpec:
    still = _copy(inputs["files"]["still"], directory)
    return SegmentSpec.from_dict({**inputs, "out_path": "", "still_path": str(still)})


def _voices(inputs: dict[str, Any], directory: Path) -> list[Voice]:
    return [
        Voice(path=_copy(key, directory), start_seconds=sound["start_frame"] / inputs["fps"])
        for key, sound in zip(inputs["files"]["sounds"], inputs["sounds"], strict=True)
    ]


def _copy(key: str, directory: Path) -> Path:
    target = directory / Path(key).name
    with storage.local_path(key) as path:
        shutil.copyfile(path, target)
    return target
