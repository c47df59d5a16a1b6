"""When things happen. All in whole frames of one scene, so that editing a scene moves no other's pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rendering import pace

LEAD_SECONDS = 0.3
TAIL_SECONDS = 0.5
SHORTEST_SECONDS = 2.0
SILENT_SECONDS = 4.0
SEGMENT_FRAMES = 150
TRANSITION_SECONDS = 0.4
# These end on the opening frame of the next scene, so they need its picture.
BLENDING = frozenset({"dissolve", "slide", "wipe"})

SIZES = {
    ("720p", "16:9"): (1280, 720),
    ("720p", "9:16"): (720, 1280),
    ("720p", "1:1"): (720, 720),
    ("1080p", "16:9"): (1920, 1080),
    ("1080p", "9:16"): (1080, 1920),
    ("1080p", "1:1"): (1080, 1080),
    ("4k", "16:9"): (3840, 2160),
    ("4k", "9:16"): (2160, 3840),
    ("4k", "1:1"): (2160, 2160),
}

# A draft of any resolution: the voices and stills are those of the film, the frames are few and small.
DRAFT_SIZES = {"16:9": (640, 360), "9:16": (360, 640), "1:1": (360, 360)}
DRAFT_FPS = 15

# What a voice needs before its first sound, and the silence for a text without one.
_START_MS, _SHORTEST_MS = 700, 2_000

_AUTO_MOTIONS = ("zoom-in", "pan-right", "zoom-out", "pan-left")


@dataclass(frozen=True, kw_only=True)
class SceneTiming:
    """Length of a scene and the frame at which its voice starts."""

    frames: int
    speech_start_frame: int


def scene_timing(*, speech_ms: int, wanted_seconds: float | None, fps: int) -> SceneTiming:
    """Time a scene: long enough for its voice with a breath around it, and for the wanted length."""
    lead = round(LEAD_SECONDS * fps)
    if speech_ms <= 0:
        seconds = wanted_seconds or SILENT_SECONDS
    else:
        spoken = lead / fps + speech_ms / 1000 + TAIL_SECONDS
        seconds = max(spoken, wanted_seconds or 0.0, SHORTEST_SECONDS)
    # A hair below the next frame is rounding noise of the division, not another frame.
    return SceneTiming(frames=math.ceil(seconds * fps - 1e-6), speech_start_frame=lead)


def estimated_speech_ms(text: str, *, language: str) -> int:
    """A generous guess of how long `text` takes to say, in milliseconds; 0 for no text.

    Quotas hold this much while a job runs: a guess that is too short would let a job past its quota.
    """
    if not text.strip():
        return 0
    return max(_SHORTEST_MS, _START_MS + pace.spoken_ms(text, language=language))


def parts(frames: int) -> list[tuple[int, int]]:
    """Cut a scene into segments of at most SEGMENT_FRAMES: [(first_frame, frame_count)], nearly equal."""
    count = max(1, math.ceil(frames / SEGMENT_FRAMES))
    edges = [round(index * frames / count) for index in range(count + 1)]
    return [(first, end - first) for first, end in pairwise(edges)]


def motion_of(scene: dict[str, Any], *, index: int) -> str:
    """The motion of a scene; `auto` follows from its words, so reordering scenes moves no pixels."""
    motion = str(scene["motion"])
    if motion != "auto":
        return motion
    text = f"{scene['narration']}{scene['image_prompt']}" or str(index)
    return _AUTO_MOTIONS[sum(text.encode()) % len(_AUTO_MOTIONS)]


def still_size(resolution: str, aspect: str) -> tuple[int, int]:
    """Size of a drawn still: 4/3 of the output, so that a zoom never enlarges its pixels."""
    width, height = SIZES[resolution, aspect]
    return width * 4 // 3, height * 4 // 3
