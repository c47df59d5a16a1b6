"""Sound from outside: decoded warily, kept as plain samples, with a time for every word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from rendering.media import words
from rendering.media.errors import MediaError
from rendering.media.foreign import AUDIO, opened
from rendering.media.outputs import whole_file
from rendering.media.specs import SAMPLE_RATE, RecordingSpec
from rendering.media.words import Word

_FRAME = SAMPLE_RATE // 100
_FRAME_MS = 10
# What is fainter than this share of the loudest counts as a pause.
_QUIET_SHARE = 0.02
SHORTEST_MS = 40


def run(spec: RecordingSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Write `spec.in_path` as mono FLAC to `spec.out_path`. See RecordingSpec.

    Raises MediaError: unsupported-kind, sound-broken, sound-empty, sound-too-long, no-space.
    """
    levels: list[float] = []
    with whole_file(spec.out_path) as path:
        samples = _copy(spec, path, levels, progress)
    duration_ms = round(1000 * samples / SAMPLE_RATE)
    if duration_ms < SHORTEST_MS:
        raise MediaError("sound-empty", "There is no sound in this file.")
    timed = _given(spec, duration_ms) or _shared(spec.text, levels, duration_ms)
    return {"duration_ms": duration_ms, "words": timed}


def _copy(spec: RecordingSpec, path: Path, levels: list[float], progress: Callable[[int], None]) -> int:
    written = 0
    options = {"fflags": "+bitexact"}
    with (
        opened(spec.in_path, allowed=AUDIO, what="sound") as source,
        av.open(str(path), "w", format="flac", options=options) as target,
    ):
        stream = target.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.format = "s16"
        for frame in _decoded(source):
            written += frame.samples
            if written > spec.most_seconds * SAMPLE_RATE:
                minutes = spec.most_seconds / 60
                raise MediaError("sound-too-long", f"This sound is longer than {minutes:g} minutes.")
            levels += _levels(frame.to_ndarray()[0])
            frame.pts = written - frame.samples
            target.mux(stream.encode(frame))
            progress(written // SAMPLE_RATE)
        target.mux(stream.encode(None))
    return written


def _decoded(source: Any) -> Iterator[Any]:
    if not source.streams.audio:
        raise MediaError("sound-empty", "There is no sound in this file.")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE, frame_size=_FRAME * 100)
    for frame in source.decode(source.streams.audio[0]):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _levels(samples: np.ndarray) -> list[float]:
    """Loudness of each hundredth of a second."""
    whole = len(samples) // _FRAME * _FRAME
    parts = samples[:whole].astype(np.float32).reshape(-1, _FRAME)
    return [float(level) for level in np.sqrt(np.mean(parts**2, axis=1))]


def _given(spec: RecordingSpec, duration_ms: int) -> list[Word]:
    """The times its maker told, in order and within the sound; none when they are of another text."""
    if "".join(word["text"] for word in spec.words) != spec.text:
        return []
    timed: list[Word] = []
    at = 0
    for word in spec.words:
        start = min(max(int(word["start_ms"]), at), duration_ms)
        at = min(max(int(word["end_ms"]), start), duration_ms)
        timed.append(Word(text=word["text"], start_ms=start, end_ms=at))
    return timed


def _shared(text: str, levels: list[float], duration_ms: int) -> list[Word]:
    """The words in proportion to their letters over what is heard; pauses belong to nobody."""
    pieces = words.split(text)
    loudest = max(levels, default=0.0)
    heard = [number for number, level in enumerate(levels) if level > loudest * _QUIET_SHARE]
    heard = heard or list(range(max(1, len(levels))))
    spans = words.share(0, len(heard), [max(1, len(piece.strip())) for piece in pieces])
    return [
        Word(
            text=piece,
            start_ms=min(heard[min(first, len(heard) - 1)] * _FRAME_MS, duration_ms),
            end_ms=min((heard[max(first, min(last, len(heard)) - 1)] + 1) * _FRAME_MS, duration_ms),
        )
        for piece, (first, last) in zip(pieces, spans, strict=True)
    ]
