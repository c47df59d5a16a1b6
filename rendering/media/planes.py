"""A video frame as the encoder stores it: 8-bit Y, U and V planes, 4:2:0."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


class Planes(NamedTuple):
    """Luma at full size, both chroma planes at half size."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def empty(cls, width: int, height: int) -> Self:
        """Unset planes for a frame of even size."""
        half = (height // 2, width // 2)
        return cls(np.empty((height, width), np.uint8), np.empty(half, np.uint8), np.empty(half, np.uint8))
