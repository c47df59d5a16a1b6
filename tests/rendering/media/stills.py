"""Pictures the pixel tests are made of; drawn here so that none is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rendering.media.specs import SegmentSpec

WIDTH, HEIGHT = 320, 180


def dot(path: Path, *, at: tuple[float, float] = (0.75, 0.7), size: tuple[int, int] = (432, 243)) -> str:
    """A soft white dot on dark grey, its centre at shares of the width and height."""
    x = np.arange(size[0])[None, :] + 0.5 - at[0] * size[0]
    y = np.arange(size[1])[:, None] + 0.5 - at[1] * size[1]
    light = 40 + 200 * np.exp(-(x**2 + y**2) / (2 * 9.0**2))
    Image.fromarray(np.rint(light).astype(np.uint8)).convert("RGB").save(path, format="PNG")
    return str(path)


def flat(path: Path, colour: tuple[int, int, int], *, size: tuple[int, int] = (432, 243)) -> str:
    """A picture of one colour."""
    Image.new("RGB", size, colour).save(path, format="PNG")
    return str(path)


def segment_spec(folder: Path, **changes: Any) -> SegmentSpec:
    """A small segment of one second, its still a moving dot unless told otherwise."""
    still = changes.pop("still_path", None) or dot(folder / "dot.png")
    values: dict[str, Any] = {
        "out_path": str(folder / "segment.mp4"),
        "still_path": still,
        "width": WIDTH,
        "height": HEIGHT,
        "fps": 30,
        "scene_frames": 30,
        "first_frame": 0,
        "frame_count": 30,
    }
    return SegmentSpec(**values | changes)
