"""Captions in frames: of one scene for its picture, of the whole film for the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rendering import timeline
from rendering.film import Film, Known
from rendering.media import words
from rendering.media.subtitles import Caption, captions_from_words
from rendering.models import StepKind
from rendering.timeline import SceneTiming


def scene_cues(film: Film, index: int, speech: dict[str, Any]) -> list[dict[str, Any]]:
    """Captions of one scene in its own frames: {"text", "start_frame", "end_frame"}, "words" to be lit."""
    timing = film.timing(index, speech["duration_ms"])
    own = film.scenes[index]["caption"].strip()
    if own:
        return [{"text": own, "start_frame": 0, "end_frame": timing.frames}]
    return [_cue(film, caption, timing) for caption in captions_from_words(speech["words"])]


def _cue(film: Film, caption: Caption, timing: SceneTiming) -> dict[str, Any]:
    def frame_at(milliseconds: int) -> int:
        return timing.speech_start_frame + round(milliseconds * film.fps / 1000)

    cue: dict[str, Any] = {
        "text": caption["text"],
        "start_frame": frame_at(caption["start_ms"]),
        "end_frame": min(frame_at(caption["end_ms"]), timing.frames),
    }
    if film.script.get("captions") == "words":
        cue["words"] = [
            {"text": word["text"], "start_frame": frame_at(word["start_ms"])} for word in caption["words"]
        ]
    return cue


def guessed_speech(text: str, *, language: str) -> dict[str, Any]:
    """What a voice might take for a text: its length, and its words spread evenly."""
    duration_ms = timeline.estimated_speech_ms(text, language=language)
    tokens = words.split(text)
    share = duration_ms / max(1, len(tokens))
    spread = [
        {"text": token, "start_ms": round(i * share), "end_ms": round((i + 1) * share)}
        for i, token in enumerate(tokens)
    ]
    return {"duration_ms": duration_ms, "words": spread}


def film_cues(film: Film, known: Known) -> Iterator[dict[str, Any]]:
    """Captions of the whole film: {"text", "start_ms", "end_ms"}."""
    start = 0
    for index in range(len(film.scenes)):
        speech = known[StepKind.NARRATION, index, 0]
        for cue in scene_cues(film, index, speech):
            yield {
                "text": cue["text"],
                "start_ms": round((start + cue["start_frame"]) * 1000 / film.fps),
                "end_ms": round((start + cue["end_frame"]) * 1000 / film.fps),
            }
        start += film.timing(index, speech["duration_ms"]).frames
