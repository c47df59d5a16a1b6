"""Scaling and shifting one plane by parts of a pixel, fast.

OpenCV's affine warp puts a pixel anywhere but costs 2.6 ms for a 1080p plane; `resize` costs 0.9 ms and
scales by any factor, but starts on a whole source pixel. Started further left and up, by a number of output
pixels that are then cut off, it lands on other fractions: one of a few hundred such leads is nearly always
within some thousandths of a pixel of the wanted place. Where none is, the affine warp draws the frame.

A small shift of an 8-bit picture would be no cure: rounding swallows it in soft areas, and slow moves shake.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np

from rendering.media.planes import Plane

MOST_LEAD = 320  # output pixels; beyond this the affine warp is as cheap
LARGEST_SCALE = 1.42
SPARE = 8
PLACES = 32  # between two output pixels
LUMA_TOLERANCE, CHROMA_TOLERANCE = 0.003, 0.006  # output pixels; the affine warp itself errs by 0.002


class _Start(NamedTuple):
    first: int
    lead: int


class PlaneWarp:
    """One source plane that can be drawn at any position and scale into planes of one size."""

    def __init__(self, source: Plane, *, width: int, height: int, tolerance: float = LUMA_TOLERANCE) -> None:
        self._size = (width, height)
        self._tolerance = tolerance
        self._leads = min(MOST_LEAD, height // 2)
        self._margin = math.ceil(self._leads * LARGEST_SCALE) + SPARE
        edge = (self._margin, SPARE, self._margin, SPARE)
        self._source = cv2.copyMakeBorder(source, *edge, cv2.BORDER_REPLICATE)
        self._buffer = _scratch(width + self._leads + SPARE, height + self._leads + SPARE)

    def draw(self, out: Plane, *, scale: float, x: float, y: float) -> None:
        """Fill `out` so that its pixel (i, j) shows source position (scale * i + x, scale * j + y).

        Positions are pixel centres; `scale` is source pixels per output pixel, between 1 and 1.42.
        """
        across, down = self._start(scale, x + self._margin), self._start(scale, y + self._margin)
        if across and down:
            self._draw_resized(out, scale, across, down)
        else:
            self._draw_affine(out, scale, x + self._margin, y + self._margin)

    def _start(self, scale: float, wanted: float) -> _Start | None:
        """The shortest lead that lands within the tolerance, and the source pixel to start it from."""
        leads = np.arange(self._leads)
        exact = wanted + 0.5 - scale * (leads + 0.5)
        near = np.flatnonzero(np.abs(exact - np.rint(exact)) < self._tolerance * scale)
        if not near.size:
            return None
        lead = int(near[0])
        return _Start(int(np.rint(exact[lead])), lead)

    def _draw_resized(self, out: Plane, scale: float, across: _Start, down: _Start) -> None:
        width, height = self._size
        columns = math.ceil((across.lead + width + 1) * scale)
        rows = math.ceil((down.lead + height + 1) * scale)
        part = self._source[down.first : down.first + rows, across.first : across.first + columns]
        scaled = self._buffer[: round(part.shape[0] / scale), : round(part.shape[1] / scale)]
        cv2.resize(part, None, dst=scaled, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_LINEAR)
        np.copyto(out, scaled[down.lead : down.lead + height, across.lead : across.lead + width])

    def _draw_affine(self, out: Plane, scale: float, x: float, y: float) -> None:
        matrix = np.array([[scale, 0, x], [0, scale, y]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(
            self._source, matrix, self._size, dst=out, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )


class PlanePan:
    """One source plane whose scale never changes, drawn whole at a few places between pixels and then copied.

    A place is met within 1/64 of an output pixel, in an eighth of the time and with PLACES times the memory.
    """

    def __init__(self, source: Plane, *, scale: float, tolerance: float = LUMA_TOLERANCE) -> None:
        height, width = (math.ceil(length / scale) + 2 for length in source.shape)
        self._scale = scale
        self._warp = PlaneWarp(source, width=width, height=height, tolerance=tolerance)
        self._size = (height, width)
        self._drawn: dict[tuple[int, int], Plane] = {}

    def draw(self, out: Plane, *, scale: float, x: float, y: float) -> None:
        """As `PlaneWarp.draw`, with the scale it was made for; the view must lie within the source."""
        height, width = out.shape
        left, across = divmod(round(x / scale * PLACES), PLACES)
        top, down = divmod(round(y / scale * PLACES), PLACES)
        whole = self._whole(across, down)
        # The whole begins a pixel early: chroma lies up to half a pixel outside.
        np.copyto(out, whole[top + 1 : top + 1 + height, left + 1 : left + 1 + width])

    def _whole(self, across: int, down: int) -> Plane:
        if (across, down) not in self._drawn:
            whole = np.empty(self._size, np.uint8)
            x, y = ((place / PLACES - 1) * self._scale for place in (across, down))
            self._warp.draw(whole, scale=self._scale, x=x, y=y)
            self._drawn[across, down] = whole
        return self._drawn[across, down]


@cache
def _scratch(width: int, height: int) -> Plane:
    """Shared between planes of one size; drawing leaves nothing in it that is needed again."""
    return np.empty((height, width), np.uint8)
