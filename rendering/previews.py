"""One frame of a scene as the video will have it, drawn by the code that draws segments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutroom import scratch
from rendering import given, pipeline, snapshots, stills
from rendering.cues import guessed_speech
from rendering.film import Film, Known, StepDraft
from rendering.keys import renderer_fingerprint
from rendering.material import card_spec
from rendering.media import host
from rendering.media.specs import FrameSpec, Spec
from rendering.models import CacheEntry, Project, Scene, StepKind
from rendering.steps import segment_spec
from tenants import storage

_MOST_SECONDS = 15.0


@dataclass
class Preview:
    """A frame that can be drawn. `tag` changes when it would look different."""

    draft: StepDraft
    frame: int
    pictures: dict[str, StepDraft] = field(repr=False)

    @property
    def tag(self) -> str:
        """The strong entity tag of the picture."""
        inputs = {**self.draft.inputs, "files": None, "first_frame": None, "frame_count": None}
        document = json.dumps([inputs, self.frame, renderer_fingerprint()], sort_keys=True)
        return f'"{hashlib.sha256(document.encode()).hexdigest()[:20]}"'

    def draw(self) -> bytes:
        """The frame as PNG, drawn by a limited child process, one at a time for each process of ours.

        Raises MediaError for a picture that cannot be read, MediaTimeout, MediaCrashed.
        """
        with scratch.directory("preview") as directory, self._files(directory) as paths:
            out = directory / "frame.png"
            segment = segment_spec(self.draft.inputs, out_path="", paths=paths)
            frame = self.frame - segment.first_frame
            _run(FrameSpec(out_path=str(out), segment=segment.to_dict(), frame=frame))
            return out.read_bytes()

    @contextmanager
    def _files(self, directory: Path) -> Iterator[dict[str, str]]:
        keys = [key for key in self.draft.inputs["files"].values() if key not in self.pictures]
        with storage.local_paths(keys, within=directory) as paths:
            found = {key: str(path) for key, path in paths.items()}
            for number, (key, draft) in enumerate(self.pictures.items()):
                found[key] = _drawn(draft, directory / f"{number}.png", directory=directory, drawn=found)
            yield found


def preview(
    *, project: Project, scene: Scene, resolution: str, fps: int, at_seconds: float | None = None
) -> Preview:
    """The frame of a scene at a time counted from the scene's start; its middle when None. Three queries.

    Before the scene has been spoken, the words are spread over the guessed length. A picture that the image
    provider has not made yet is shown as a drawing. Call inside tenant_context.
    """
    scenes = list(project.scenes.select_related("image", "recording").order_by("position"))
    film = Film.shown(project, snapshots.script_of(project, scenes), resolution=resolution, fps=fps)
    index = next(i for i, row in enumerate(film.scenes) if row["position"] == scene.position)
    known, pictures = _known(film, index)
    segments = [d for d in pipeline.plan(film, known) if (d.kind, d.scene) == (StepKind.SEGMENT, index)]
    total = segments[0].inputs["scene_frames"]
    frame = total // 2 if at_seconds is None else min(max(0, round(at_seconds * fps)), total - 1)
    draft = next(d for d in segments if frame < d.inputs["first_frame"] + d.inputs["frame_count"])
    shown = set(draft.inputs["files"].values())
    return Preview(draft=draft, frame=frame, pictures=_needed(pictures, shown))


def _known(film: Film, index: int) -> tuple[Known, dict[str, StepDraft]]:
    """Outputs that the plan needs for one scene, and by their keys the pictures that must be drawn for it."""
    row = film.scenes[index]
    voice = next(d for d in pipeline.plan(film, {}) if (d.kind, d.scene) == (StepKind.NARRATION, index))
    spoken = guessed_speech(row["narration"], language=film.language(row))
    entry = CacheEntry.objects.filter(key=voice.cache_key).first()
    silence = {"content": "", "storage_key": "", **spoken}
    known: Known = {voice.slot: entry.output if entry else silence}
    pictures: dict[str, StepDraft] = {}
    for place in (index, index + 1):
        if place < len(film.scenes):
            _add_stills(film, place, known, pictures)
    return known, pictures


def _add_stills(film: Film, place: int, known: Known, pictures: dict[str, StepDraft]) -> None:
    while fresh := [draft for draft in stills.drafts(film, place, known) if draft.slot not in known]:
        for draft in fresh:
            if "asset" in draft.inputs:
                known[draft.slot] = given.picture(draft.inputs)
                continue
            entry = (
                CacheEntry.objects.filter(key=draft.cache_key).first() if "prompt" in draft.inputs else None
            )
            known[draft.slot] = entry.output if entry else _to_be_drawn(draft, pictures)


def _to_be_drawn(draft: StepDraft, pictures: dict[str, StepDraft]) -> dict[str, Any]:
    pictures[draft.cache_key] = draft
    return {"content": draft.cache_key, "storage_key": draft.cache_key}


def _needed(pictures: dict[str, StepDraft], shown: set[str]) -> dict[str, StepDraft]:
    """Of the pictures to draw those that are shown, with what they are made of first."""
    inner = {
        key
        for shown_key in shown & pictures.keys()
        for key in pictures[shown_key].inputs.get("files", {}).values()
    }
    return {key: draft for key, draft in pictures.items() if key in shown | inner}


def _drawn(draft: StepDraft, path: Path, *, directory: Path, drawn: dict[str, str]) -> str:
    inputs = draft.inputs
    if "prompt" in inputs:
        art = {"look": "art", "text": inputs["prompt"], "heading": "", "files": {}}
        inputs = {**inputs, **art}
    key = inputs["files"].get("picture", "")
    with storage.local_paths([key] if key and key not in drawn else [], within=directory) as paths:
        picture = drawn.get(key) or str(paths.get(key, ""))
        _run(card_spec(inputs, out_path=str(path), picture_path=picture))
    return str(path)


def _run(spec: Spec) -> None:
    host.run(spec, timeout_seconds=_MOST_SECONDS)
