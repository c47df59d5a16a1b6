"""An uploaded piece of music, made to go round: as loud as our own loops, without a click at its end."""

from __future__ import annotations

from typing import IO

import numpy as np

from rendering.media.decoding import decoded
from rendering.media.errors import MediaError
from rendering.media.music import LEVEL
from rendering.media.specs import SAMPLE_RATE

CROSSING_SECONDS = 2.0
LEAST_SECONDS = 0.5
LOUDEST_GAIN = 8.0  # quiet hiss is not lifted further


def piece(path: str, *, samples: int, scratch: IO[bytes]) -> np.ndarray:
    """The music of a file, mono at SAMPLE_RATE, no longer than `samples` of film need.

    It lies in the `scratch` file, not in memory, so an hour of music needs no more than a minute. Raises
    MediaError("sound-broken") when the file cannot be read or has less than half a second.
    """
    crossing = int(CROSSING_SECONDS * SAMPLE_RATE)
    written, squares = _write(path, scratch, most=samples + crossing)
    if written < LEAST_SECONDS * SAMPLE_RATE:
        raise MediaError("sound-broken", "The music is too short to be played.")
    music = np.memmap(scratch, np.float32, mode="r+", shape=(written,))
    loudness = np.sqrt(squares / written)
    gain = min(LOUDEST_GAIN, LEVEL / loudness) if loudness > 0 else 0.0
    for at in range(0, written, SAMPLE_RATE):
        music[at : at + SAMPLE_RATE] *= np.float32(gain)
    return _round(music, crossing=min(crossing, written // 4))


def _write(path: str, scratch: IO[bytes], *, most: int) -> tuple[int, float]:
    """Decode until the film has enough; the number of samples and the sum of their squares."""
    written, squares = 0, 0.0
    for part in decoded(path, layout="mono"):
        mono = part[0, : most - written].astype(np.float32)
        scratch.write(mono.tobytes())
        written += len(mono)
        squares += float(np.sum(np.square(mono, dtype=np.float64)))
        if written >= most:
            break
    scratch.flush()
    return written, squares


def _round(music: np.ndarray, *, crossing: int) -> np.ndarray:
    """Let the end fade into the beginning, both at equal power, and take what is left as one round."""
    angle = np.linspace(0, np.pi / 2, crossing, dtype=np.float32)
    length = len(music) - crossing
    music[:crossing] = music[:crossing] * np.sin(angle) + music[length:] * np.cos(angle)
    return music[:length]
