"""A small picture with transparency, ready to blend into the planes of a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from rendering.media.colour import rgb_to_planes
from rendering.media.planes import Plane, Planes


@dataclass(frozen=True)
class Overlay:
    """A box of even place and size: planes to add, and what to keep of the picture, 0 to 255."""

    x: int
    y: int
    keep: Planes
    light: Planes

    @classmethod
    def of(cls, image: Image.Image, *, x: int, y: int) -> Overlay:
        """The overlay of an RGBA image whose sides, like `x` and `y`, are even."""
        pixels = np.asarray(image)
        colour = rgb_to_planes(np.ascontiguousarray(pixels[..., :3]))
        alpha = pixels[..., 3]
        half = cv2.resize(alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        alphas = (alpha, cv2.merge([half, half]))
        light = [np.rint(c * (a / 255.0)).astype(np.uint8) for c, a in zip(colour, alphas, strict=True)]
        keep = [np.ascontiguousarray(255 - a) for a in alphas]
        return cls(x, y, Planes(*keep), Planes(*light))

    def blend(self, frame: Planes) -> None:
        """Draw over the frame in place; only the box is touched."""
        for box, keep, light in zip(self.boxes(frame), self.keep, self.light, strict=True):
            cv2.multiply(box, keep, dst=box, scale=1 / 255)
            cv2.add(box, light, dst=box)

    def boxes(self, frame: Planes) -> Iterator[Plane]:
        """What `blend` touches of each plane."""
        for shift, (plane, keep) in enumerate(zip(frame, self.keep, strict=True)):
            height, width = keep.shape[:2]
            top, left = self.y >> shift, self.x >> shift
            yield plane[top : top + height, left : left + width]


def even(length: float) -> int:
    """The even number of pixels next to a length, never less than two."""
    return max(2, 2 * round(length / 2))
