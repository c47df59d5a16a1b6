"""How good the pictures are: VMAF against the raw frames, and whether a moving dot ever steps back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rendering.media.frames import SceneFrames
from rendering.media.planes import Plane
from rendering.media.specs import SegmentSpec
from tests.bench import film
from tests.bench.media_samples import dot_still
from tests.bench.references import CORES, RAW_INPUT, THEIR_ENCODER, encode, ffmpeg, our_encoder, zoompan

VMAF = re.compile(r"VMAF score: ([0-9.]+)")
MOTION = "zoom-in"
# The centre of a dot in 8-bit pixels is known to a few thousandths of a pixel.
NOISE_PIXELS = 0.02


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One number of ours and one of theirs."""

    ours: float
    theirs: float


def vmaf(raw: Path) -> Comparison:
    """VMAF (0 to 100) of raw frames encoded by the engine's settings, and by theirs."""
    ours = encode(raw, our_encoder(), raw.with_suffix(".ours.mp4"))
    theirs = encode(raw, THEIR_ENCODER, raw.with_suffix(".theirs.mp4"))
    return Comparison(ours=_vmaf(ours, raw), theirs=_vmaf(theirs, raw))


def backward_steps(directory: Path) -> Comparison:
    """How often a dot moves against the camera's path: each frame may do so across and down."""
    still = dot_still(directory / "dot.png")
    return Comparison(ours=_steps_back(_our_frames(still)), theirs=_steps_back(_zoompan_frames(still)))


def possible_steps() -> int:
    """Of how many steps `backward_steps` tells."""
    return 2 * (film.SCENE_FRAMES - 1)


def _vmaf(encoded: Path, raw: Path) -> float:
    count = f"settb=1/{film.FPS},setpts=N"
    graph = f"[0:v]{count}[made];[1:v]{count}[raw];[made][raw]libvmaf=n_threads={CORES}"
    done = ffmpeg("-i", str(encoded), *RAW_INPUT, "-i", str(raw), "-lavfi", graph, "-f", "null", "-")
    found = VMAF.search(done.stderr.decode(errors="replace"))
    if found is None:
        raise ValueError("ffmpeg told no VMAF score")
    return float(found[1])


def _our_frames(still: Path) -> Iterator[Plane]:
    spec = SegmentSpec(
        out_path="",
        still_path=str(still),
        width=film.WIDTH,
        height=film.HEIGHT,
        fps=film.FPS,
        scene_frames=film.SCENE_FRAMES,
        first_frame=0,
        frame_count=film.SCENE_FRAMES,
        motion=MOTION,
    )
    scene = SceneFrames(spec)
    for number in range(film.SCENE_FRAMES):
        yield scene.draw(number).y


def _zoompan_frames(still: Path) -> Iterator[Plane]:
    graph = f"{zoompan(MOTION)},format=gray"
    done = ffmpeg("-loglevel", "error", "-i", str(still), "-vf", graph, "-f", "rawvideo", "-")
    yield from np.frombuffer(done.stdout, np.uint8).reshape(-1, film.HEIGHT, film.WIDTH)


def _steps_back(frames: Iterator[Plane]) -> int:
    """The camera moves towards the centre, so the dot moves away from it, to the right and down."""
    path = np.array([_centre(frame) for frame in frames])
    return int(np.count_nonzero(np.diff(path, axis=0) < -NOISE_PIXELS))


def _centre(frame: Plane) -> tuple[float, float]:
    """Centre of light around the brightest pixel: x, y in pixels."""
    row, column = np.unravel_index(int(np.argmax(frame)), frame.shape)
    reach = 40
    top, left = max(0, int(row) - reach), max(0, int(column) - reach)
    window = frame[top : top + 2 * reach + 1, left : left + 2 * reach + 1].astype(np.float64)
    light: NDArray[np.float64] = np.clip(window - 60, 0, None)
    rows, columns = np.indices(window.shape)
    return left + float((columns * light).sum() / light.sum()), top + float(
        (rows * light).sum() / light.sum()
    )
