"""Which steps a job has. A pure function of its script and of what is known so far; start at `plan`.

image and narration per scene → segments of at most 150 frames → sound → stitch. A step can be described as
soon as everything it depends on is known, so the plan grows while the job runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rendering import stills, timeline
from rendering.cues import film_cues, scene_cues
from rendering.film import WORK, Film, Known, StepDraft
from rendering.models import StepKind


def plan(film: Film, known: Known) -> list[StepDraft]:
    """Every step that can be described when the outputs in `known` are there, done ones included."""
    drafts: list[StepDraft] = []
    for index, scene in enumerate(film.scenes):
        drafts += [*stills.drafts(film, index, known), _narration(film, index, scene)]
        drafts += _segments(film, index, known)
    drafts += _sound(film, known)
    drafts += _stitch(film, known, drafts)
    return drafts


def outlook(film: Film, known: Known) -> int:
    """Total work of the job in progress units: described steps, and a guess for those that are not yet."""
    frames = 0
    for index, scene in enumerate(film.scenes):
        speech = known.get((StepKind.NARRATION, index, 0))
        spoken = timeline.estimated_speech_ms(scene["narration"], language=film.language(scene))
        speech_ms = speech["duration_ms"] if speech else spoken
        frames += film.timing(index, speech_ms).frames
    fixed = WORK[StepKind.SOUND] + WORK[StepKind.STITCH]
    return frames + len(film.scenes) * (WORK[StepKind.IMAGE] + WORK[StepKind.NARRATION]) + fixed


def _narration(film: Film, index: int, scene: dict[str, Any]) -> StepDraft:
    inputs = {
        "text": scene["narration"],
        "language": film.language(scene),
        "voice": scene.get("voice") or film.script["voice"],
    }
    provider = scene.get("voice_provider", film.script.get("voice_provider"))
    if scene.get("recording"):
        inputs["recording"] = scene["recording"]["sha256"]
        inputs["files"] = scene["recording"]["storage_key"]
    elif provider:
        inputs["provider"] = provider
    return StepDraft(kind=StepKind.NARRATION, scene=index, inputs=inputs, work=WORK[StepKind.NARRATION])


def _segments(film: Film, index: int, known: Known) -> list[StepDraft]:
    still, speech = stills.of(film, index, known), known.get((StepKind.NARRATION, index, 0))
    leaving = _leaving(film, index)
    next_still = stills.of(film, index + 1, known) if leaving in timeline.BLENDING else None
    if still is None or speech is None or (leaving in timeline.BLENDING and next_still is None):
        return []
    timing = film.timing(index, speech["duration_ms"])
    captions = scene_cues(film, index, speech) if film.burns_captions else []
    common = {
        **_look(film, index, still, next_still),
        "scene_frames": timing.frames,
        "motion": _motion(film, index, still),
    }
    if film.script.get("captions") == "words" and captions and film.brand.get("accent"):
        common["caption_accent"] = film.brand["accent"]
    place = stills.caption_place(film, index)
    if captions and place != "bottom":
        common["caption_place"] = place
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
        "caption_language": film.language(film.scenes[index]),
        "transition": leaving,
        "transition_frames": fade_frames if leaving != "cut" else 0,
        "fade_in_frames": fade_frames if index and _leaving(film, index - 1) == "fade" else 0,
        "files": {"still": still["storage_key"]},
    }
    if "clip" in still:
        look["clip_frames"] = still["clip_frames"]
        look["files"]["clip"] = still["clip"]
        look |= _words(film, index, name="words")
    if next_still:
        look["next_still"] = next_still["content"]
        look["next_motion"] = _motion(film, index + 1, next_still)
        look["files"]["next_still"] = next_still["storage_key"]
        look |= _words(film, index + 1, name="next_words") if "clip" in next_still else {}
    logo = film.brand.get("logo")
    if logo and film.scenes[index].get("look") != "brand":
        look |= {"logo": logo["sha256"], "logo_corner": film.brand["corner"]}
        look["files"]["logo"] = logo["storage_key"]
    return look


def _words(film: Film, index: int, *, name: str) -> dict[str, Any]:
    """The heading of a clip, laid over it in the size of the frame."""
    inputs = stills.card_inputs(film, film.scenes[index])
    if not inputs["heading"]:
        return {}
    return {name: {key: value for key, value in inputs.items() if key not in ("look", "width", "height")}}


def _motion(film: Film, index: int, still: dict[str, Any]) -> str:
    """A clip moves by itself."""
    return "none" if "clip" in still else timeline.motion_of(film.scenes[index], index=index)


def _leaving(film: Film, index: int) -> str:
    scene = film.scenes[index]
    is_last = index == len(film.scenes) - 1
    # The last scene has nothing to go over into.
    return "cut" if is_last and scene["transition"] in timeline.BLENDING else str(scene["transition"])


def _starts(film: Film, known: Known) -> Iterator[tuple[int, dict[str, Any], int, int]]:
    """For each scene: index, its narration output, its first frame in the film, its length in frames."""
    start = 0
    for index in range(len(film.scenes)):
        speech = known[StepKind.NARRATION, index, 0]
        frames = film.timing(index, speech["duration_ms"]).frames
        yield index, speech, start, frames
        start += frames


def _sound(film: Film, known: Known) -> list[StepDraft]:
    if any((StepKind.NARRATION, index, 0) not in known for index in range(len(film.scenes))):
        return []
    sounds, files, total = [], [], 0
    for index, speech, start, frames in _starts(film, known):
        total = start + frames
        if speech["storage_key"]:
            offset = film.timing(index, speech["duration_ms"]).speech_start_frame
            sounds.append({"content": speech["content"], "start_frame": start + offset})
            files.append(speech["storage_key"])
    inputs: dict[str, Any] = {"sounds": sounds, "frames": total, "fps": film.fps, "files": {"sounds": files}}
    uploaded = film.script.get("music_asset")
    if uploaded:
        inputs["music_asset"] = uploaded["sha256"]
        inputs["files"]["music"] = uploaded["storage_key"]
    elif film.script.get("music", "none") != "none":
        inputs["music"] = film.script["music"]
    # Said only where it changes what is heard, so that what older films made is found again.
    if film.script.get("music_level", "normal") != "normal" and ("music" in inputs or uploaded):
        inputs["music_level"] = film.script["music_level"]
    if film.is_draft:
        inputs["quality"] = film.quality
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
        "segment_checksums": [known[draft.slot].get("checksum") for draft in segments],
        "sound": sound["content"],
        "captions": list(film_cues(film, known)),
        "title": film.title,
        "width": width,
        "height": height,
        "fps": film.fps,
        "files": {
            "segments": [known[draft.slot]["storage_key"] for draft in segments],
            "sound": sound["storage_key"],
        },
    }
    if film.script.get("captions") == "soft":
        inputs["soft_captions"] = film.script["language"]
    return [StepDraft(kind=StepKind.STITCH, scene=None, inputs=inputs, work=WORK[StepKind.STITCH])]
