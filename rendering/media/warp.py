"""Scaling and shifting one plane by parts of a pixel, fast.

OpenCV's affine warp puts a pixel anywhere but costs 2.6 ms for a 1080p plane; `resize` costs 0.9 ms and
scales by any factor, but starts on a whole source pixel. Started further left and up, by a number of output
pixels that are then cut off, it lands on other fractions: one of a few hundred such leads is nearly always
within some thousandths of a pixel of the wanted place. Where none is, the affine warp draws the frame.

A small shift of an 8-bit picture would be no cure: rounding swallows it in soft areas, and slow moves shake.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from rendering.media.planes import Plane

MOST_LEAD = 540  # output pixels; beyond this the affine warp is as cheap
LARGEST_SCALE = 1.42
SPARE = 8
PLACES = 16  # between two output pixels
LUMA_TOLERANCE, CHROMA_TOLERANCE = 0.003, 0.006  # output pixels


class _Fit(NamedTuple):
    first: int
    lead: int
    scale: float


class PlaneWarp:
    """One source plane that can be drawn at any position and scale, always in the same size.

    With `keeps` every plane it draws stays as it is; without, the next is drawn over the last.
    """

    def __init__(
        self,
        source: Plane,
        *,
        width: int,
        height: int,
        tolerance: float = LUMA_TOLERANCE,
        keeps: bool = False,
    ) -> None:
        self._size = (width, height)
        self._tolerance = tolerance
        self._leads = min(MOST_LEAD, height // 2)
        self._margin = math.ceil(self._leads * LARGEST_SCALE) + SPARE
        edge = (self._margin, SPARE, self._margin, SPARE)
        self._source = cv2.copyMakeBorder(source, *edge, cv2.BORDER_REPLICATE)
        self._centres = np.arange(self._leads) + 0.5
        room = (height + self._leads + SPARE, width + self._leads + SPARE, *source.shape[2:])
        self._buffer = None if keeps else np.empty(room, source.dtype)

    def draw(self, *, scale: float, x: float, y: float) -> Plane:
        """A plane whose pixel (i, j) shows source position (scale * i + x, scale * j + y).

        Positions are pixel centres; `scale` is source pixels per output pixel, between 1 and 1.42. The plane
        may be a part of a larger one.
        """
        width, height = self._size
        across = self._fit(scale, x + self._margin, length=width)
        down = self._fit(scale, y + self._margin, length=height)
        if across and down:
            return self._resized(across, down)
        return self._warped(scale, x + self._margin, y + self._margin)

    def _fit(self, scale: float, wanted: float, *, length: int) -> _Fit | None:
        """The shortest lead that lands within the tolerance, and the source pixel to start it from.

        What a start is beside the wanted place, a scale that is a millionth different spreads over the frame:
        it is as much too far left at one edge as too far right at the other, and exact in the middle.
        """
        exact = wanted + 0.5 - scale * self._centres
        whole = np.rint(exact)
        reach = 2 * self._centres + length - 1  # from the start to the middle of the frame, twice
        is_near = np.abs(exact - whole) * (length - 1) < self._tolerance * scale * reach
        lead = int(is_near.argmax())
        if not is_near[lead]:
            return None
        spread = 2 * (exact[lead] - whole[lead]) / reach[lead]
        return _Fit(int(whole[lead]), lead, scale + spread)

    def _resized(self, across: _Fit, down: _Fit) -> Plane:
        width, height = self._size
        columns = math.ceil((across.lead + width + 1) * across.scale)
        rows = math.ceil((down.lead + height + 1) * down.scale)
        part = self._source[down.first : down.first + rows, across.first : across.first + columns]
        scaled = self._room(round(part.shape[0] / down.scale), round(part.shape[1] / across.scale))
        factors = {"fx": 1 / across.scale, "fy": 1 / down.scale}
        cv2.resize(part, None, dst=scaled, **factors, interpolation=cv2.INTER_LINEAR)
        return scaled[down.lead : down.lead + height, across.lead : across.lead + width]

    def _warped(self, scale: float, x: float, y: float) -> Plane:
        matrix = np.array([[scale, 0, x], [0, scale, y]])
        width, height = self._size
        out = self._room(height, width)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(
            self._source, matrix, self._size, dst=out, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return out

    def _room(self, rows: int, columns: int) -> Plane:
        if self._buffer is None:
            return np.empty((rows, columns, *self._source.shape[2:]), self._source.dtype)
        return self._buffer[:rows, :columns]


class PlanePan:
    """One source plane whose scale never changes, drawn whole at a few places between pixels.

    A place is met within 1/32 of an output pixel. A view is a part of a whole: it takes no time once that is
    drawn, and PLACES times the memory.
    """

    def __init__(
        self, source: Plane, *, width: int, height: int, scale: float, tolerance: float = LUMA_TOLERANCE
    ) -> None:
        rows, columns = (math.ceil(length / scale) + 2 for length in source.shape[:2])
        self._size = (width, height)
        self._scale = scale
        self._warp = PlaneWarp(source, width=columns, height=rows, tolerance=tolerance, keeps=True)
        self._drawn: dict[tuple[int, int], Plane] = {}

    def draw(self, *, scale: float, x: float, y: float) -> Plane:
        """As `PlaneWarp.draw`, with the scale it was made for; the view must lie within the source.

        Other views show the same memory: what is changed in it must be put back before the next call.
        """
        width, height = self._size
        left, across = divmod(round(x / scale * PLACES), PLACES)
        top, down = divmod(round(y / scale * PLACES), PLACES)
        whole = self._whole(across, down)
        # The whole begins a pixel early: chroma lies up to half a pixel outside.
        return whole[top + 1 : top + 1 + height, left + 1 : left + 1 + width]

    def _whole(self, across: int, down: int) -> Plane:
        if (across, down) not in self._drawn:
            x, y = ((place / PLACES - 1) * self._scale for place in (across, down))
            self._drawn[across, down] = self._warp.draw(scale=self._scale, x=x, y=y)
        return self._drawn[across, down]
