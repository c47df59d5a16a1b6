"""Small whole films, made by the operations as the engine makes them, and what is measured on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from rendering import timeline
from rendering.media import segments, sound, stitch
from rendering.media.specs import SAMPLE_RATE, SegmentSpec, SoundSpec
from tests.rendering.media.films import quiet, stitch_spec

WIDTH, HEIGHT = 64, 36


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One scene: its still, its voice (a file and its length), and how it leaves."""

    still: str
    voice: str = ""
    voice_ms: int = 0
    transition: str = "cut"
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Film:
    """A finished film and where its scenes begin, in frames."""

    path: str
    starts: list[int]
    frames: int
    levels: dict[str, Any] = field(default_factory=dict)


def make(folder: Path, shots: list[Shot], *, fps: int = 24, music: str = "") -> Film:
    """Every segment, the sound and the stitch."""
    parts, lengths, sounds, starts, start = [], [], [], [], 0
    for number, shot in enumerate(shots):
        timing = timeline.scene_timing(speech_ms=shot.voice_ms, wanted_seconds=shot.seconds, fps=fps)
        starts.append(start)
        if shot.voice:
            sounds.append({"path": shot.voice, "start_frame": start + timing.speech_start_frame})
        for first, count in timeline.parts(timing.frames):
            spec = _segment(folder, shots, number, fps=fps, frames=timing.frames, first=first, count=count)
            segments.run(spec, progress=quiet)
            parts.append(spec.out_path)
            lengths.append(count)
        start += timing.frames
    sound_path = str(folder / "sound.m4a")
    spec_of_sound = SoundSpec(out_path=sound_path, sounds=sounds, frames=start, fps=fps, music=music)
    levels = sound.run(spec_of_sound, progress=quiet)
    whole = stitch_spec(
        folder, segments=parts, frames=lengths, sound_path=sound_path, width=WIDTH, height=HEIGHT, fps=fps
    )
    stitch.run(whole, progress=quiet)
    return Film(path=whole.out_path, starts=starts, frames=start, levels=levels)


def _segment(
    folder: Path, shots: list[Shot], number: int, *, fps: int, frames: int, first: int, count: int
) -> SegmentSpec:
    shot = shots[number]
    has_next = number + 1 < len(shots)
    leaving = shot.transition if has_next or shot.transition not in timeline.BLENDING else "cut"
    before = shots[number - 1].transition if number else "cut"
    fade = round(timeline.TRANSITION_SECONDS * fps)
    return SegmentSpec(
        out_path=str(folder / f"{number}-{first}.mp4"), still_path=shot.still, width=WIDTH, height=HEIGHT,
        fps=fps, scene_frames=frames, first_frame=first, frame_count=count, motion="none",
        transition=leaving, transition_frames=0 if leaving == "cut" else fade,
        next_still_path=shots[number + 1].still if leaving in timeline.BLENDING else "", next_motion="none",
        fade_in_frames=fade if before == "fade" else 0,
    )  # fmt: skip


def picture(path: str) -> tuple[list[float], list[float]]:
    """For every decoded frame its time in seconds and its mean light."""
    times, lights = [], []
    with av.open(path) as film:
        for frame in film.decode(video=0):
            times.append(float(frame.time or 0))
            lights.append(float(frame.to_ndarray(format="gray").mean()))
    return times, lights


def heard(path: str) -> tuple[np.ndarray, float]:
    """The decoded sound, one channel, and the time in seconds of its first sample."""
    with av.open(path) as film:
        frames = list(film.decode(audio=0))
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), float(frames[0].time or 0)


def onset(samples: np.ndarray, *, first: float, after: float, level: float) -> float:
    """The time of the first sample louder than `level` after a time."""
    at = max(0, int((after - first) * SAMPLE_RATE))
    loud = np.flatnonzero(np.abs(samples[at:]) > level)
    return first + (at + int(loud[0])) / SAMPLE_RATE
