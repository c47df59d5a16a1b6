"""The sound of a film: narrations at exact sample offsets, levelled, encoded once.

AAC per scene drifts by 25 ms a scene (priming and padding), hence one encode for the whole film. Everything
is read and written in blocks, so an hour of sound needs no more memory than a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import av
import numpy as np

from rendering.media.decoding import decoded
from rendering.media.errors import MediaError, is_disk_full, write_error
from rendering.media.loudness import CONTEXT, Level, Meter, limit
from rendering.media.music import Bed, loop
from rendering.media.music_files import piece
from rendering.media.outputs import whole_file
from rendering.media.specs import SAMPLE_RATE, SoundSpec

TARGET_LUFS = -16.0
CLOSE_ENOUGH_LU = 0.4
SMALL_STEP_LU = 1.0
MOST_GAIN_DB = 45.0
HIGHEST_DBTP = -1.5
MARGIN_DB = 0.5  # AAC adds a little peak
PASSES = 5

BIT_RATE = 128_000
# Half the price of the default, and on speech closer to the original.
CODER = "fast"
BLOCK = 10 * SAMPLE_RATE

Progress = Callable[[int], None]


def run(spec: SoundSpec, *, progress: Progress) -> dict[str, Any]:
    """Mix, level to -16 LUFS and encode `spec.sounds` into `spec.out_path`. See SoundSpec.

    The levels are measured on the finished file, but for drafts. Raises MediaError: sound-broken, no-space,
    encoder-failed.
    """
    samples = spec.frames * SAMPLE_RATE // spec.fps
    try:
        with (
            whole_file(spec.out_path) as path,
            TemporaryFile(dir=path.parent) as scratch,
            TemporaryFile(dir=path.parent) as music,
        ):
            mix = _Mix(scratch, music, samples, progress)
            mix.lay(spec)
            level = _master(mix, path, is_judged=spec.quality != "draft")
    except av.FFmpegError as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise write_error(error) from error
        raise MediaError("encoder-failed", f"The sound was not encoded: {error}.", retryable=True) from error
    if level is not None and level.is_silence:
        level = None
    return {
        "duration_ms": round(1000 * samples / SAMPLE_RATE),
        "loudness_lufs": level and round(level.loudness_lufs, 2),
        "true_peak_dbtp": level and round(level.true_peak_dbtp, 2),
    }


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """What is done to the mix."""

    gain_db: float
    ceiling_dbtp: float

    def apply(self, samples: np.ndarray) -> np.ndarray:
        """The samples, louder and limited."""
        return limit(samples * np.float32(_linear(self.gain_db)), ceiling=_linear(self.ceiling_dbtp))


def _master(mix: _Mix, path: Path, *, is_judged: bool) -> Level | None:
    """Find the gain by measuring what it does, encode, and judge the file. Silence stays silent.

    What is not judged is only near its level: nobody has measured what was made.
    """
    raw = _measure(mix.blocks())
    if raw.is_silence:
        _encode(mix.blocks(), path)
        return raw
    if not is_judged:
        _encode(mix.blocks(_first_setting(raw)), path)
        return None
    setting = _levelled(mix, raw)
    for _ in range(PASSES):
        _encode(mix.blocks(setting), path)
        # Both channels are the same.
        level = _measure((part[:1] for part in decoded(str(path), layout="stereo")), is_finished=True)
        corrected = _corrected(setting, level)
        if corrected == setting:
            break
        setting = corrected
    return level


def _levelled(mix: _Mix, raw: Level) -> _Setting:
    """The gain that reaches the target in spite of the limiter, which takes some loudness away."""
    setting = _first_setting(raw)
    for _ in range(PASSES):
        missing = TARGET_LUFS - _measure(mix.blocks(setting)).loudness_lufs
        setting = replace(setting, gain_db=_gain(setting.gain_db + missing))
        # Of a small step the limiter takes nearly nothing, and the finished file is measured anyway.
        if abs(missing) <= SMALL_STEP_LU:
            break
    return setting


def _first_setting(raw: Level) -> _Setting:
    """What reaches the target where nothing has to be limited."""
    return _Setting(gain_db=_gain(TARGET_LUFS - raw.loudness_lufs), ceiling_dbtp=HIGHEST_DBTP - MARGIN_DB)


def _corrected(setting: _Setting, level: Level) -> _Setting:
    """The setting that mends what is wrong with the finished file; the same one when nothing is."""
    missing, excess = TARGET_LUFS - level.loudness_lufs, level.true_peak_dbtp - HIGHEST_DBTP
    if excess > 0:
        setting = replace(setting, ceiling_dbtp=setting.ceiling_dbtp - excess - 0.1)
    if abs(missing) > CLOSE_ENOUGH_LU:
        setting = replace(setting, gain_db=_gain(setting.gain_db + missing))
    return setting


class _Mix:
    """All sounds laid over each other: mono float samples in a scratch file."""

    def __init__(self, file: IO[bytes], music_file: IO[bytes], samples: int, progress: Progress) -> None:
        self._file = file
        self._music_file = music_file
        self._samples = samples
        self._progress = progress
        self._blocks_read = 0

    def lay(self, spec: SoundSpec) -> None:
        """Write the mix, each sound at its frame, music below; what goes beyond the film is cut off."""
        starts = sorted(spec.sounds, key=lambda sound: int(sound["start_frame"]))
        waiting = [_Placed(sound["path"], sound["start_frame"] * SAMPLE_RATE // spec.fps) for sound in starts]
        bed = self._bed(spec)
        for at in range(0, self._samples, BLOCK):
            block = np.zeros(min(BLOCK, self._samples - at), np.float32)
            for sound in waiting:
                sound.add_to(block, at)
            waiting = [sound for sound in waiting if not sound.is_over]
            if bed is not None:
                bed.add_to(block, at)
            self._file.write(block.tobytes())
            self._progress(at // BLOCK + 1)
        self._file.flush()

    def _bed(self, spec: SoundSpec) -> Bed | None:
        if spec.music_path:
            music = piece(spec.music_path, samples=self._samples, scratch=self._music_file)
        elif spec.music:
            music = loop(spec.music)
        else:
            return None
        return Bed(music, samples=self._samples, level=spec.music_level)

    def blocks(self, setting: _Setting | None = None) -> Iterator[np.ndarray]:
        """The mix in order, (1, samples) at a time, with a setting applied."""
        for at in range(0, self._samples, BLOCK):
            end = min(at + BLOCK, self._samples)
            self._blocks_read += 1
            self._progress(self._blocks_read)
            if setting is None:
                yield self._read(at, end)[None]
                continue
            before, after = max(0, at - CONTEXT), min(self._samples, end + CONTEXT)
            yield setting.apply(self._read(before, after))[None, at - before : end - before]

    def _read(self, start: int, end: int) -> np.ndarray:
        self._file.seek(4 * start)
        return np.frombuffer(self._file.read(4 * (end - start)), np.float32)


class _Placed:
    """A sound file and the sample of the film at which its next part belongs."""

    def __init__(self, path: str, at: int) -> None:
        self._parts = decoded(path, layout="mono")
        self._left = np.zeros(0, np.float32)
        self._at = at
        self.is_over = False

    def add_to(self, block: np.ndarray, start: int) -> None:
        """Add what is heard during a block that begins at sample `start` of the film."""
        end = start + len(block)
        while self._at < end and not self.is_over:
            here = self._left[: end - self._at]
            block[self._at - start :][: len(here)] += here
            self._at += len(here)
            self._left = self._left[len(here) :]
            if self._at < end:
                self._refill()

    def _refill(self) -> None:
        part = next(self._parts, None)
        self.is_over = part is None
        self._left = self._left if part is None else part[0]


def _measure(blocks: Iterator[np.ndarray], *, is_finished: bool = False) -> Level:
    """The level; true peaks cost as much again as loudness, and only those of the finished file count."""
    meter: Meter | None = None
    for block in blocks:
        meter = meter or Meter("mono", is_rough=not is_finished)
        meter.push(block)
    return meter.level() if meter else Level(loudness_lufs=-70.0, true_peak_dbtp=-100.0)


def _encode(blocks: Iterator[np.ndarray], path: Path) -> None:
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        # Both channels are the same, so their difference is nothing: M/S without asking costs a sixth less.
        options = {"aac_coder": CODER, "aac_ms": "1", "flags": "+bitexact"}
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options=options)
        stream.bit_rate = BIT_RATE
        at = 0
        for block in blocks:
            frame = av.AudioFrame.from_ndarray(np.repeat(block, 2, axis=0), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = SAMPLE_RATE, at
            at += frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _gain(decibels: float) -> float:
    return min(MOST_GAIN_DB, decibels)


def _linear(decibels: float) -> float:
    return float(10 ** (decibels / 20))
