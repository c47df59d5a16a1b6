"""The sound of a film: narrations at exact sample offsets, levelled, encoded once.

AAC per scene drifts by 25 ms a scene (priming and padding), hence one encode for the whole film.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np

from rendering.media.binaries import run_ffmpeg
from rendering.media.errors import MediaError, write_error
from rendering.media.loudness import RAW_INPUT, level
from rendering.media.outputs import whole_file
from rendering.media.specs import SAMPLE_RATE, SoundSpec

BIT_RATE = "128k"


def run(spec: SoundSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Mix, level to -16 LUFS and encode `spec.sounds` into `spec.out_path`. See SoundSpec.

    The sound is exactly as long as the picture. Raises MediaError: sound-broken, no-space, ffmpeg-failed.
    """
    samples = spec.frames * SAMPLE_RATE // spec.fps
    out_path = Path(spec.out_path)
    with TemporaryDirectory(dir=out_path.parent) as directory:
        mix_path = Path(directory) / "mix.raw"
        _mix(spec, mix_path, samples)
        progress(1)
        levelled = level(mix_path, directory=Path(directory))
        progress(2)
        with whole_file(spec.out_path) as path:
            encode = ["-c:a", "aac", "-b:a", BIT_RATE, "-ac", "2", "-fflags", "+bitexact", "-f", "mp4"]
            run_ffmpeg(
                [*RAW_INPUT, "-i", str(levelled.path), *encode, str(path)], directory=Path(directory)
            )
    return {
        "duration_ms": round(1000 * samples / SAMPLE_RATE),
        "loudness_lufs": levelled.loudness_lufs,
        "true_peak_dbtp": levelled.true_peak_dbtp,
    }


def _mix(spec: SoundSpec, path: Path, samples: int) -> None:
    """Lay every sound at its frame. A mapped file, so that an hour of sound needs no memory."""
    try:
        mix = np.memmap(path, dtype=np.int16, mode="w+", shape=(samples,))
    except OSError as error:
        raise write_error(error) from error
    for sound in spec.sounds:
        at = sound["start_frame"] * SAMPLE_RATE // spec.fps
        for block in _decoded(sound["path"]):
            end = min(at + len(block), samples)
            if end > at:
                room = mix[at:end].astype(np.int32) + block[: end - at]
                mix[at:end] = np.clip(room, -32768, 32767)
            at += len(block)
    mix.flush()


def _decoded(path: str) -> Any:
    """Blocks of mono 16-bit samples at SAMPLE_RATE."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    try:
        with av.open(path) as container:
            for frame in container.decode(audio=0):
                for ready in resampler.resample(frame):
                    yield ready.to_ndarray()[0]
            for ready in resampler.resample(None):
                yield ready.to_ndarray()[0]
    except (av.FFmpegError, IndexError):
        raise MediaError("sound-broken", "A narration file could not be read.", retryable=True) from None

