"""RGB to BT.709 limited-range YUV and back (ITU-R BT.709-6, section 3: items 3.2 to 3.5)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rendering.media.planes import Plane, Planes

RED, BLUE = 0.2126, 0.0722
GREEN = 1 - RED - BLUE
BLACK = (16, 128, 128)


def _matrix() -> NDArray[np.float64]:
    """Rows Y, U, V; columns R, G, B and the offset, for 8-bit codes."""
    luma = np.array([RED, GREEN, BLUE])
    blue = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - BLUE))
    red = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - RED))
    rows = np.stack([luma * 219, blue * 224, red * 224]) / 255
    return np.column_stack([rows, BLACK])


TO_YUV = _matrix()
TO_RGB = np.linalg.inv(TO_YUV[:, :3])
TO_RGB = np.column_stack([TO_RGB, -TO_RGB @ np.array(BLACK, float)])


def rgb_to_planes(pixels: Plane) -> Planes:
    """Convert an RGB picture (height, width, 3) of even size; chroma is the mean of each 2 x 2 block."""
    full = cv2.transform(pixels, TO_YUV)
    height, width = full.shape[:2]
    half = (width // 2, height // 2)
    chroma = [cv2.resize(cv2.extractChannel(full, n), half, interpolation=cv2.INTER_AREA) for n in (1, 2)]
    return Planes(_plane(cv2.extractChannel(full, 0)), _plane(cv2.merge(chroma)))


def planes_to_rgb(frame: Planes) -> Plane:
    """The RGB picture (height, width, 3) a player shows for these planes."""
    height, width = frame.y.shape
    chroma = cv2.resize(frame.uv, (width, height), interpolation=cv2.INTER_LINEAR)
    return _plane(cv2.transform(cv2.merge([frame.y, chroma]), TO_RGB))


def _plane(pixels: object) -> Plane:
    return np.asarray(pixels, dtype=np.uint8)
