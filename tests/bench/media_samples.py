"""Pictures and raw frames to measure with, the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rendering.media.frames import SceneFrames
from rendering.media.planes import Plane
from rendering.media.specs import SegmentSpec
from tests.bench import film

STILL_SIZE = (2560, 1440)
SHAPES = 14
# Amplitude falls with frequency as in photographs: https://doi.org/10.1364/JOSAA.4.002379
LUMA_SLOPE, TINT_SLOPE = 1.25, 1.55
LUMA_CONTRAST, TINT_CONTRAST = 38.0, 16.0
# Where the dot of `dot_still` stands, as shares of width and height: off centre, so that a zoom moves it.
DOT_PLACE = (0.8, 0.75)
DOT_RADIUS = 9.0


def photo_like_stills(directory: Path) -> list[Path]:
    """One JPEG a scene: noise with the spectrum of photographs under shapes with sharp edges."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"still-{scene:02}.jpg" for scene in range(film.SCENES)]
    for seed, path in enumerate(paths):
        if not path.exists():
            _save(path, _photo_like(np.random.default_rng(seed)))
    return paths


def dot_still(path: Path) -> Path:
    """A soft bright dot on grey, to follow the camera by. Returns `path`."""
    width, height = STILL_SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    x, y = width * DOT_PLACE[0], height * DOT_PLACE[1]
    distance = (columns - x) ** 2 + (rows - y) ** 2
    light = 40 + 200 * np.exp(-distance / (2 * DOT_RADIUS**2))
    _save(path, np.repeat(light.astype(np.uint8)[..., None], 3, axis=2))
    return path


def write_raw_frames(specs: Sequence[SegmentSpec], path: Path) -> int:
    """Draw all frames of the segments, one after the other, as raw NV12; returns their number.

    The file is on the disk when this returns, so that writing it disturbs nobody.
    """
    frames = 0
    with path.open("wb") as file:
        for spec in specs:
            frames += _append_frames(spec, file.fileno())
        os.fsync(file.fileno())
    return frames


def _append_frames(spec: SegmentSpec, descriptor: int) -> int:
    scene = SceneFrames(spec)
    for number in range(spec.frame_count):
        for plane in scene.draw(spec.first_frame + number):
            os.write(descriptor, np.ascontiguousarray(plane).data)
    return spec.frame_count


def _photo_like(random: np.random.Generator) -> Plane:
    luma = _noise(random, LUMA_SLOPE) * LUMA_CONTRAST
    channels = [luma + _noise(random, TINT_SLOPE) * TINT_CONTRAST + random.uniform(80, 170) for _ in range(3)]
    picture = np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.uint8)
    for _ in range(SHAPES):
        picture = _with_shape(random, picture)
    return picture


def _noise(random: np.random.Generator, slope: float) -> NDArray[np.float64]:
    width, height = STILL_SIZE
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = np.inf
    shape = frequency.shape
    spectrum = (random.standard_normal(shape) + 1j * random.standard_normal(shape)) / frequency**slope
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return np.asarray(noise / noise.std())


def _with_shape(random: np.random.Generator, picture: Plane) -> Plane:
    width, height = STILL_SIZE
    colour = [int(value) for value in random.integers(20, 240, 3)]
    x, y = int(random.integers(0, width)), int(random.integers(0, height))
    radius = int(random.integers(30, 260))
    layer = picture.copy()
    if random.random() < 0.5:
        cv2.circle(layer, (x, y), radius, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(layer, (x, y), (x + 2 * radius, y + radius), colour, -1, cv2.LINE_AA)
    share = random.uniform(0.4, 0.9)
    return np.asarray(cv2.addWeighted(layer, share, picture, 1 - share, 0), np.uint8)


def _save(path: Path, picture: Plane) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), picture, options)
