"""A video frame as the encoder stores it: 8-bit NV12, which is luma and, in half the size, chroma."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


class Planes(NamedTuple):
    """Luma (height, width) and chroma (height / 2, width / 2, 2): U beside V, as x264 keeps them."""

    y: Plane
    uv: Plane

    @classmethod
    def empty(cls, width: int, height: int) -> Self:
        """Unset planes for a frame of even size."""
        return cls(np.empty((height, width), np.uint8), np.empty((height // 2, width // 2, 2), np.uint8))

    def copy(self) -> Planes:
        """The same picture in memory of its own."""
        return Planes(*(plane.copy() for plane in self))
