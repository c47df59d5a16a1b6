"""Small sounds and segments that the sound and stitch tests are made of, and an independent ear."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np

from rendering.media import sound
from rendering.media.encoder import segment_writer
from rendering.media.planes import Planes
from rendering.media.specs import SAMPLE_RATE, SoundSpec, StitchSpec

WIDTH, HEIGHT, FPS = 64, 36, 24


def quiet(_: int) -> None:
    """Progress nobody listens to."""


def write_sound(path: Path, samples: np.ndarray) -> str:
    """Float samples as a mono FLAC at SAMPLE_RATE."""
    whole = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.format = "s16"
        frame = av.AudioFrame.from_ndarray(whole.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return str(path)


def voice_like(seconds: float, *, level: float = 0.1, seed: int = 1) -> np.ndarray:
    """Syllables of noise with pauses: about as uneven as speech."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    syllables = np.clip(np.sin(2 * np.pi * 3 * time), 0, None) ** 2
    shape = syllables * (0.4 + 0.6 * np.sin(2 * np.pi * 0.3 * time) ** 2)
    noise = np.convolve(random.standard_normal(len(time)), np.hanning(24) / 12, mode="same")
    spikes = np.where(random.random(len(time)) < 0.0005, 3.0, 1.0)
    return np.asarray(noise * shape * spikes * level, np.float32)


def make_sound(
    folder: Path, *, frames: int, sounds: list[dict[str, Any]], fps: int = FPS, **changes: str
) -> tuple[str, Any]:
    """Run the sound operation; its path and result."""
    path = str(folder / "sound.m4a")
    spec = SoundSpec(out_path=path, sounds=sounds, frames=frames, fps=fps, **changes)
    return spec.out_path, sound.run(spec, progress=quiet)


def hear(path: str) -> np.ndarray:
    """The sound of a file, left channel, without the priming of the encoder."""
    with av.open(path) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def measured(path: str) -> tuple[float, float]:
    """Loudness (LUFS) and true peak (dBTP) as the ffmpeg program tells them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-nostats", "-i", path, "-vn"]
    command += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    loudness = re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1]
    return float(loudness), float(re.findall(r"Peak:\s+(-?[\d.]+|-inf) dBFS", told)[-1])


def write_segment(path: Path, *, frames: int, light: int = 128, width: int = WIDTH) -> str:
    """A segment of one brightness with a line that moves."""
    with segment_writer(path, width=width, height=HEIGHT, fps=FPS, quality="final") as writer:
        planes = Planes.empty(width, HEIGHT)
        for number in range(frames):
            for plane, value in zip(planes, (light, 128), strict=True):
                plane[:] = value
            planes.y[:, number % width] = 235
            writer.write(planes)
    return str(path)


def stitch_spec(folder: Path, *, segments: list[str], frames: list[int], **changes: Any) -> StitchSpec:
    """A stitch of these segments with silence, unless told otherwise."""
    values: dict[str, Any] = {
        "out_path": str(folder / "film.mp4"),
        "poster_path": str(folder / "film.jpg"),
        "srt_path": str(folder / "film.srt"),
        "vtt_path": str(folder / "film.vtt"),
        "segment_paths": segments,
        "segment_frames": frames,
        "captions": [],
        "width": WIDTH,
        "height": HEIGHT,
        "fps": FPS,
    }
    if "sound_path" not in changes:
        values["sound_path"], _ = make_sound(folder, frames=sum(frames), sounds=[])
    return StitchSpec(**values | changes)
