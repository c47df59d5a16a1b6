"""The drawing tools of the scene cards: smooth shapes, sizes in hundredths of the short side."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from rendering.media.planes import Plane

Colour = tuple[int, int, int]
Point = tuple[float, float]

SHIFT = 4  # OpenCV draws at sixteenths of a pixel
VERMILION: Colour = (190, 50, 24)
VERMILION_ON_DARK: Colour = (255, 116, 80)


@dataclass(frozen=True)
class Palette:
    """Paper, ink and the tones between; the pencil marks and is never a surface."""

    paper: Colour
    well: Colour
    rule: Colour
    edge: Colour
    second: Colour
    ink: Colour
    pencil: Colour

    @classmethod
    def of(cls, *, paper: Colour, ink: Colour, accent: Colour) -> Palette:
        """The palette of a brand: the tones between its paper and its ink are mixed."""
        well, rule, edge, second = (mixed(paper, ink, share) for share in (0.06, 0.14, 0.48, 0.74))
        return cls(paper=paper, well=well, rule=rule, edge=edge, second=second, ink=ink, pencil=accent)

    @property
    def is_dark(self) -> bool:
        """Is the paper darker than the ink?"""
        return sum(self.paper) < sum(self.ink)

    @property
    def darkest(self) -> Colour:
        """What stands nearest in a drawing: the ink on light paper, below the paper's own tone on dark."""
        return mixed(self.paper, (0, 0, 0), 0.5) if self.is_dark else self.ink


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """The colour at `share` (0 to 1) of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def colour_of(hexadecimal: str) -> Colour:
    """The colour of "#rrggbb"."""
    digits = hexadecimal.lstrip("#")
    return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))


DAY = Palette(
    paper=(244, 242, 236), well=(232, 228, 217), rule=(214, 209, 195), edge=(135, 129, 115),
    second=(90, 85, 75), ink=(27, 25, 22), pencil=VERMILION,
)  # fmt: skip
NIGHT = Palette(
    paper=(25, 24, 21), well=(38, 36, 32), rule=(58, 54, 47), edge=(125, 118, 106),
    second=(180, 173, 159), ink=(242, 238, 229), pencil=VERMILION_ON_DARK,
)  # fmt: skip


class Canvas:
    """An RGB picture and a pen whose hand is steadied by a seed."""

    def __init__(
        self, width: int, height: int, *, palette: Palette, seed: str, caption_place: str = "bottom"
    ) -> None:
        self.width, self.height, self.caption_place = width, height, caption_place
        self.unit = min(width, height) / 100
        self.palette = palette
        self.chance = random.Random(seed)  # noqa: S311  # a drawing, not a secret
        self.pixels: Plane = np.full((height, width, 3), palette.paper, np.uint8)

    @property
    def is_wide(self) -> bool:
        """Whether there is room for words beside the drawing rather than under it."""
        return self.width > self.height * 1.2

    def rectangle(self, start: Point, end: Point, colour: Colour) -> None:
        """Fill between two corners."""
        self.polygon([start, (end[0], start[1]), end, (start[0], end[1])], colour)

    def polygon(self, points: Iterable[Point], colour: Colour) -> None:
        """Fill a shape given by its corners."""
        cv2.fillPoly(self.pixels, [_fixed(points)], colour, cv2.LINE_AA, SHIFT)

    def path(self, points: Iterable[Point], colour: Colour, *, width: float, closed: bool = False) -> None:
        """Draw a line through points, `width` in units."""
        cv2.polylines(self.pixels, [_fixed(points)], closed, colour, self._pixels(width), cv2.LINE_AA, SHIFT)

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """Fill a circle, `radius` in units."""
        self.polygon(self.arc_points(centre, radius, 0, 360), colour)

    def ring(self, centre: Point, radius: float, colour: Colour, *, width: float) -> None:
        """Draw a circle, sizes in units."""
        self.path(self.arc_points(centre, radius, 0, 360), colour, width=width, closed=True)

    def sector(self, corner: Point, radius: float, quarter: int, colour: Colour) -> None:
        """Fill a quarter circle of `radius` units with its corner at a point; `quarter` 0 to 3."""
        self.polygon([corner, *self.arc_points(corner, radius, 90 * quarter, 90 * quarter + 90)], colour)

    def arc_points(self, centre: Point, radius: float, start: float, end: float) -> list[Point]:
        """Points along an arc, angles in degrees clockwise from the right."""
        reach = radius * self.unit
        steps = max(12, round(reach * math.radians(end - start) / 6))
        angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
        return [(centre[0] + reach * math.cos(a), centre[1] + reach * math.sin(a)) for a in angles]

    def pencil_loop(self, centre: Point, *, across: float, down: float, width: float = 0.55) -> None:
        """Circle something by hand: one turn and a bit, never quite closed. Half sizes in units."""
        start = self.chance.uniform(200, 240)
        drift = self.chance.uniform(0.03, 0.06)
        points = []
        for step in range(121):
            turn = step / 120
            angle = math.radians(start + 392 * turn)
            swell = 1 + drift * (turn - 0.5) + 0.012 * math.sin(3 * angle)
            points.append((
                centre[0] + across * self.unit * swell * math.cos(angle),
                centre[1] + down * self.unit * swell * math.sin(angle),
            ))  # fmt: skip
        self.path(points, self.palette.pencil, width=width)

    def pencil_stroke(self, start: Point, length: float, *, width: float = 0.7) -> None:
        """Underline by hand: `length` in pixels, slightly rising."""
        lift, bow = self.chance.uniform(0.3, 1.0), self.chance.uniform(-0.6, 0.6)
        points = []
        for step in range(41):
            share = step / 40
            rise = lift * share + bow * math.sin(math.pi * share)
            points.append((start[0] + length * share, start[1] - self.unit * rise))
        self.path(points, self.palette.pencil, width=width)

    def _pixels(self, width: float) -> int:
        return max(1, round(width * self.unit))


def _fixed(points: Iterable[Point]) -> np.ndarray:
    return np.array([[round(x * 2**SHIFT), round(y * 2**SHIFT)] for x, y in points], np.int32)
