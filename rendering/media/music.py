"""Music under the voice: short loops made here by addition of sines, turned down while somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from rendering.media.specs import SAMPLE_RATE

CHORD_SECONDS = 4
LEVEL = 0.06  # root mean square, about 24 dB below full scale
GAINS = {"quiet": 0.5, "normal": 1.0, "loud": 2.0}  # 6 dB less or more
DUCKED = 0.25  # 12 dB less under speech
SPEECH_LEVEL = 0.008
FADE_IN_SECONDS, FADE_OUT_SECONDS = 0.5, 1.5

_FRAME = SAMPLE_RATE // 100
_LOOK_AHEAD, _HOLD = 12, 40  # frames of 10 ms: down before the first sound, up only after a real pause
_DOWN, _UP = 0.25, 0.03  # share of the way to the wanted gain, each frame

# Chords as semitones above A3; how many notes a second are plucked; how much of the pad is heard.
_LOOPS: dict[str, tuple[Sequence[Sequence[int]], float, float]] = {
    "calm": (((-9, -2, 3, 7), (-4, 0, 3, 8), (-7, 0, 5, 8), (-2, 2, 5, 10)), 0.0, 1.0),
    "bright": (((-9, -5, -2, 3), (-2, 2, 5, 10), (0, 3, 7, 12), (-4, 0, 3, 8)), 4.0, 0.35),
    "pulse": (((0, 3, 7, 12), (-4, 0, 3, 8), (3, 7, 10, 15), (-2, 2, 5, 10)), 2.0, 0.6),
}


@cache
def loop(name: str) -> np.ndarray:
    """One round of a piece, mono at SAMPLE_RATE; its end leads into its beginning without a click."""
    chords, plucks_a_second, pad = _LOOPS[name]
    length = len(chords) * CHORD_SECONDS * SAMPLE_RATE
    sound = np.zeros(length)
    for number, chord in enumerate(chords):
        start = number * CHORD_SECONDS * SAMPLE_RATE
        _add(sound, start, pad * _pad(chord))
        for note in range(int(CHORD_SECONDS * plucks_a_second)):
            at = start + int(note * SAMPLE_RATE / plucks_a_second)
            _add(sound, at, 0.8 * _pluck(chord[note % len(chord)]))
    return np.asarray(sound * (LEVEL / np.sqrt(np.mean(sound**2))), np.float32)


class Bed:
    """A piece laid under a film, over and over, block by block in order; `level` is one of GAINS."""

    def __init__(self, piece: np.ndarray, *, samples: int, level: str = "normal") -> None:
        self._loop = piece
        self._level = GAINS.get(level, 1.0)
        self._samples = samples
        self._gain = 1.0
        self._quiet = _HOLD

    def add_to(self, block: np.ndarray, at: int) -> None:
        """Add the music to a block of speech that begins at sample `at` of the film."""
        gains = self._gains(block)
        places = np.arange(at, at + len(block))
        music = self._loop[places % len(self._loop)] * (self._level * gains) * self._fades(places)
        block += music.astype(np.float32)

    def _gains(self, block: np.ndarray) -> np.ndarray:
        """A gain for each sample: down where there is speech or soon will be, up again after a pause."""
        count = -(-len(block) // _FRAME)
        padded = np.pad(block, (0, count * _FRAME - len(block)))
        is_loud = np.sqrt(np.mean(padded.reshape(count, _FRAME) ** 2, axis=1)) > SPEECH_LEVEL
        curve = [self._gain]
        for frame in range(count):
            self._quiet = 0 if is_loud[frame : frame + _LOOK_AHEAD].any() else self._quiet + 1
            is_down = self._quiet < _HOLD
            wanted, speed = (DUCKED, _DOWN) if is_down else (1.0, _UP)
            self._gain += (wanted - self._gain) * speed
            curve.append(self._gain)
        return np.interp(np.arange(len(block)) / _FRAME, np.arange(count + 1), curve)

    def _fades(self, places: np.ndarray) -> np.ndarray:
        """In at the beginning of the film, out at its end."""
        rising = places / (FADE_IN_SECONDS * SAMPLE_RATE)
        falling = (self._samples - places) / (FADE_OUT_SECONDS * SAMPLE_RATE)
        return np.clip(np.minimum(rising, falling), 0.0, 1.0)


def _add(sound: np.ndarray, at: int, part: np.ndarray) -> None:
    """Add a part that may run over the end into the beginning."""
    np.add.at(sound, np.arange(at, at + len(part)) % len(sound), part)


def _pad(chord: Sequence[int]) -> np.ndarray:
    """All notes of a chord, swelling over a second and a half and overlapping the next chord."""
    length = (CHORD_SECONDS + 2) * SAMPLE_RATE
    swell = 1.5 * SAMPLE_RATE
    places = np.arange(length)
    envelope = np.clip(np.minimum(places / swell, (length - places) / swell), 0, 1)
    return np.sin(envelope * np.pi / 2) ** 2 * sum(_tone(note, length, partials=3) for note in chord)


def _pluck(note: int) -> np.ndarray:
    """A note that is struck and dies away within two seconds."""
    length = 2 * SAMPLE_RATE
    seconds = np.arange(length) / SAMPLE_RATE
    end = np.clip((2 - seconds) / 0.05, 0, 1)
    envelope = np.exp(-3.5 * seconds) * np.clip(seconds / 0.005, 0, 1) * end
    return np.asarray(envelope * _tone(note + 12, length, partials=5))


def _tone(note: int, length: int, *, partials: int) -> np.ndarray:
    seconds = np.arange(length) / SAMPLE_RATE
    pitch = 220 * 2 ** (note / 12)
    waves = [np.sin(2 * np.pi * pitch * number * seconds) / number**2 for number in range(1, partials + 1)]
    return np.asarray(np.sum(waves, axis=0))
