"""Which steps a job has. A pure function of its script and of what is known so far; start at `plan`.

image and narration per scene → segments of at most 150 frames → sound → stitch. A step can be described as
soon as everything it depends on is known, so the plan grows while the job runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rendering import given, timeline
from rendering.keys import content_key
from rendering.media.subtitles import captions_from_words
from rendering.models import RenderJob, StepKind

Slot = tuple[str, int | None, int]

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
    def is_draft(self) -> bool:
        """Is it only to look at? Then it costs no render minutes."""
        return self.quality == "draft"


Known = dict[Slot, dict[str, Any]]


def plan(film: Film, known: Known) -> list[StepDraft]:
    """Every step that can be described when the outputs in `known` are there, done ones included."""
    drafts: list[StepDraft] = []
    for index, scene in enumerate(film.scenes):
        drafts += [_image(film, index, scene), _narration(film, index, scene)]
        drafts += _segments(film, index, known)
    drafts += _sound(film, known)
    drafts += _stitch(film, known, drafts)
    return drafts


def outlook(film: Film, known: Known) -> int:
    """Total work of the job in progress units: described steps, and a guess for those that are not yet."""
    frames = 0
    for index, scene in enumerate(film.scenes):
        speech = known.get((StepKind.NARRATION, index, 0))
        spoken = timeline.estimated_speech_ms(scene["narration"], language=film.script["language"])
        speech_ms = speech["duration_ms"] if speech else spoken
        frames += _timing(film, index, speech_ms).frames
    fixed = WORK[StepKind.SOUND] + WORK[StepKind.STITCH]
    return frames + len(film.scenes) * (WORK[StepKind.IMAGE] + WORK[StepKind.NARRATION]) + fixed


def _image(film: Film, index: int, scene: dict[str, Any]) -> StepDraft:
    width, height = timeline.still_size(film.resolution, film.aspect)
    if scene["asset"]:
        inputs: dict[str, Any] = given.inputs_of(scene["asset"])
        return StepDraft(kind=StepKind.IMAGE, scene=index, inputs=inputs, work=WORK[StepKind.IMAGE])
    text = scene["image_prompt"] or scene["narration"]
    inputs = {"prompt": text, "width": width, "height": height}
    # A card shows the words of a scene; a picture shows what its prompt describes.
    if scene["image_prompt"] and film.script.get("image_provider"):
        inputs["provider"] = film.script["image_provider"]
    charges = {"images_count": 1}
    return StepDraft(
        kind=StepKind.IMAGE, scene=index, inputs=inputs, work=WORK[StepKind.IMAGE], charges=charges
    )


def _narration(film: Film, index: int, scene: dict[str, Any]) -> StepDraft:
    inputs = {
        "text": scene["narration"],
        "language": film.script["language"],
        "voice": film.script["voice"],
    }
    if scene.get("recording"):
        inputs["recording"] = scene["recording"]["sha256"]
        inputs["files"] = scene["recording"]["storage_key"]
    elif film.script.get("voice_provider"):
        inputs["provider"] = film.script["voice_provider"]
    return StepDraft(kind=StepKind.NARRATION, scene=index, inputs=inputs, work=WORK[StepKind.NARRATION])


def _segments(film: Film, index: int, known: Known) -> list[StepDraft]:
    still, speech = known.get((StepKind.IMAGE, index, 0)), known.get((StepKind.NARRATION, index, 0))
    leaving = _leaving(film, index)
    next_still = known.get((StepKind.IMAGE, index + 1, 0)) if leaving in timeline.BLENDING else None
    if still is None or speech is None or (leaving in timeline.BLENDING and next_still is None):
        return []
    timing = _timing(film, index, speech["duration_ms"])
    captions = scene_captions(film, index, speech) if film.script["is_captioned"] else []
    common = {
        **_look(film, index, still, next_still),
        "scene_frames": timing.frames,
        "motion": _motion(film, index, still),
    }
    return [
        _segment(film, index, part, span, common, captions)
        for part, span in enumerate(timeline.parts(timing.frames))
    ]


def _segment(
    film: Film,
    index: int,
    part: int,
    span: tuple[int, int],
    common: dict[str, Any],
    captions: list[dict[str, Any]],
) -> StepDraft:
    first, count = span
    visible = [c for c in captions if c["start_frame"] < first + count and c["end_frame"] > first]
    inputs = {**common, "first_frame": first, "frame_count": count, "captions": visible}
    return StepDraft(
        kind=StepKind.SEGMENT,
        scene=index,
        part=part,
        inputs=inputs,
        work=count,
        charges={} if film.is_draft else {"render_minutes": round(count * 1000 / film.fps)},
    )


def _look(film: Film, index: int, still: dict[str, Any], next_still: dict[str, Any] | None) -> dict[str, Any]:
    width, height = film.size
    leaving = _leaving(film, index)
    fade_frames = round(timeline.TRANSITION_SECONDS * film.fps)
    look: dict[str, Any] = {
        "still": still["content"],
        "width": width,
        "height": height,
        "fps": film.fps,
        "quality": film.quality,
        "caption_language": film.script["language"],
        "transition": leaving,
        "transition_frames": fade_frames if leaving != "cut" else 0,
        "fade_in_frames": fade_frames if index and _leaving(film, index - 1) == "fade" else 0,
        "files": {"still": still["storage_key"]},
    }
    if "clip" in still:
        look["clip_frames"] = still["clip_frames"]
        look["files"]["clip"] = still["clip"]
    if next_still:
        look["next_still"] = next_still["content"]
        look["next_motion"] = _motion(film, index + 1, next_still)
        look["files"]["next_still"] = next_still["storage_key"]
    return look


def _motion(film: Film, index: int, still: dict[str, Any]) -> str:
    """A clip moves by itself."""
    return "none" if "clip" in still else timeline.motion_of(film.scenes[index], index=index)


def _leaving(film: Film, index: int) -> str:
    scene = film.scenes[index]
    is_last = index == len(film.scenes) - 1
    # The last scene has nothing to go over into.
    return "cut" if is_last and scene["transition"] in timeline.BLENDING else str(scene["transition"])


def _timing(film: Film, index: int, speech_ms: int) -> timeline.SceneTiming:
    wanted = film.scenes[index]["duration_seconds"]
    return timeline.scene_timing(speech_ms=speech_ms, wanted_seconds=wanted, fps=film.fps)


def scene_captions(film: Film, index: int, speech: dict[str, Any]) -> list[dict[str, Any]]:
    """Captions of one scene in its own frames: {"text", "start_frame", "end_frame"}."""
    timing = _timing(film, index, speech["duration_ms"])
    own = film.scenes[index]["caption"].strip()
    if own:
        return [{"text": own, "start_frame": 0, "end_frame": timing.frames}]
    captions = []
    for caption in captions_from_words(speech["words"]):
        start = timing.speech_start_frame + round(caption["start_ms"] * film.fps / 1000)
        end = timing.speech_start_frame + round(caption["end_ms"] * film.fps / 1000)
        captions.append({"text": caption["text"], "start_frame": start, "end_frame": min(end, timing.frames)})
    return captions


def _starts(film: Film, known: Known) -> Iterator[tuple[int, dict[str, Any], int, int]]:
    """For each scene: index, its narration output, its first frame in the film, its length in frames."""
    start = 0
    for index in range(len(film.scenes)):
        speech = known[StepKind.NARRATION, index, 0]
        frames = _timing(film, index, speech["duration_ms"]).frames
        yield index, speech, start, frames
        start += frames


def _sound(film: Film, known: Known) -> list[StepDraft]:
    if any((StepKind.NARRATION, index, 0) not in known for index in range(len(film.scenes))):
        return []
    sounds, files, total = [], [], 0
    for index, speech, start, frames in _starts(film, known):
        total = start + frames
        if speech["storage_key"]:
            offset = _timing(film, index, speech["duration_ms"]).speech_start_frame
            sounds.append({"content": speech["content"], "start_frame": start + offset})
            files.append(speech["storage_key"])
    inputs = {"sounds": sounds, "frames": total, "fps": film.fps, "files": files}
    if film.script.get("music", "none") != "none":
        inputs["music"] = film.script["music"]
    return [StepDraft(kind=StepKind.SOUND, scene=None, inputs=inputs, work=WORK[StepKind.SOUND])]


def _stitch(film: Film, known: Known, drafts: list[StepDraft]) -> list[StepDraft]:
    sound = known.get((StepKind.SOUND, None, 0))
    segments = [draft for draft in drafts if draft.kind == StepKind.SEGMENT]
    planned = {draft.scene for draft in segments}
    if sound is None or len(planned) < len(film.scenes) or any(d.slot not in known for d in segments):
        return []
    width, height = film.size
    inputs = {
        "segments": [known[draft.slot]["content"] for draft in segments],
        "segment_frames": [draft.inputs["frame_count"] for draft in segments],
        "sound": sound["content"],
        "captions": list(_film_captions(film, known)),
        "title": film.title,
        "width": width,
        "height": height,
        "fps": film.fps,
        "files": {
            "segments": [known[draft.slot]["storage_key"] for draft in segments],
            "sound": sound["storage_key"],
        },
    }
    return [StepDraft(kind=StepKind.STITCH, scene=None, inputs=inputs, work=WORK[StepKind.STITCH])]


def _film_captions(film: Film, known: Known) -> Iterator[dict[str, Any]]:
    for index, speech, start, _frames in _starts(film, known):
        for caption in scene_captions(film, index, speech):
            yield {
                "text": caption["text"],
                "start_ms": round((start + caption["start_frame"]) * 1000 / film.fps),
                "end_ms": round((start + caption["end_frame"]) * 1000 / film.fps),
            }
