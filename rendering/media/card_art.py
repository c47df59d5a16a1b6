"""Drawings without words that fill a frame, for scenes that want a picture where there is none."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

from rendering.media.card_canvas import Canvas, Palette, mixed
from rendering.media.card_compositions import ridge, tile
from rendering.media.planes import Plane


def drawing(width: int, height: int, *, palette: Palette, seed: str) -> Plane:
    """RGB pixels (height, width, 3) of a drawing that the seed chooses."""
    canvas = Canvas(width, height, palette=palette, seed=f"{seed}/art")
    pick = int.from_bytes(hashlib.sha256(seed.encode()).digest()[4:8])
    DRAWINGS[pick % len(DRAWINGS)](canvas)
    return canvas.pixels


def hills(canvas: Canvas) -> None:
    """Five ridges in haze below a low sun."""
    width, height, tone = canvas.width, canvas.height, canvas.palette
    sky = mixed(tone.well, tone.pencil, 0.1)
    canvas.rectangle((0, 0), (width, height), sky)
    sun = (width * canvas.chance.uniform(0.3, 0.72), height * canvas.chance.uniform(0.34, 0.42))
    canvas.disc(sun, 21, tone.pencil)
    far, near = mixed(tone.edge, sky, 0.55), tone.darkest
    for depth in range(5):
        share = depth / 4
        ridge(canvas, at=0.46 + 0.13 * depth, swell=0.09 - 0.01 * depth, colour=mixed(far, near, share**1.3))


def quilt(canvas: Canvas) -> None:
    """A wall of quarter circles and dots from edge to edge."""
    width, height, tone, chance = canvas.width, canvas.height, canvas.palette, canvas.chance
    count = 5 if width > height * 1.2 else 4
    side = max(width, height) / max(count, round(count * max(width, height) / min(width, height) * 0.72))
    columns, rows = math.ceil(width / side), math.ceil(height / side)
    left, top = (width - side * columns) / 2, (height - side * rows) / 2
    marked = {chance.randrange(columns * rows) for _ in range(max(1, columns * rows // 9))}
    for number in range(columns * rows):
        plain = chance.choice((tone.ink, tone.edge, tone.second, tone.ink))
        corner = (left + number % columns * side, top + number // columns * side)
        tile(canvas, corner, side, tone.pencil if number in marked else plain)


def orbits(canvas: Canvas) -> None:
    """Rings around a point, each with its body, one of them marked."""
    width, height, tone, chance = canvas.width, canvas.height, canvas.palette, canvas.chance
    canvas.rectangle((0, 0), (width, height), tone.darkest)
    centre = (width * chance.uniform(0.42, 0.58), height * chance.uniform(0.44, 0.56))
    light = tone.paper if not tone.is_dark else tone.ink
    faint = mixed(tone.darkest, light, 0.28)
    canvas.disc(centre, 7, light)
    marked = chance.randrange(2, 5)
    for number in range(1, 8):
        radius = 7 + 8.5 * number
        canvas.ring(centre, radius, faint, width=0.22)
        angle = math.radians(chance.uniform(0, 360))
        place = (
            centre[0] + radius * canvas.unit * math.cos(angle),
            centre[1] + radius * canvas.unit * math.sin(angle),
        )
        size = 4.6 if number == marked else chance.uniform(1.1, 2.6)
        canvas.disc(place, size, tone.pencil if number == marked else light)


def swells(canvas: Canvas) -> None:
    """Water in even swells under a pale sky, a sail on the line."""
    width, height, tone, chance = canvas.width, canvas.height, canvas.palette, canvas.chance
    unit, line = canvas.unit, height * chance.uniform(0.42, 0.5)
    canvas.rectangle((0, 0), (width, height), tone.well)
    x, y = width * chance.uniform(0.35, 0.65), line + 1.5 * unit
    aft = x - 1.2 * unit
    canvas.polygon([(x, y - 23 * unit), (x, y), (x + 12 * unit, y)], tone.pencil)
    canvas.polygon([(aft, y - 19 * unit), (aft, y), (aft - 7.8 * unit, y)], tone.ink)
    count = 9
    for number in range(count):
        share = number / (count - 1)
        at = (line + (height - line) * (share**1.25) * 0.92) / height
        ridge(canvas, at=at, swell=0.008 + 0.028 * share, colour=mixed(tone.edge, tone.darkest, share))


DRAWINGS: tuple[Callable[[Canvas], None], ...] = (hills, quilt, orbits, swells)
