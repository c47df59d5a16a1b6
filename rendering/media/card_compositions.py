"""The drawings of the scene cards. Each draws its art and says where the words go.

Words stand where every motion shows them and no caption covers them; the art may run off the frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from rendering.media.card_canvas import DAY, NIGHT, Canvas, Palette, Point, mixed
from rendering.media.card_room import room_for_words

UNDERLINE = 3.4  # units kept free under the words for the pencil's stroke


@dataclass(frozen=True)
class WordBox:
    """Where words go, in pixels; `anchor` 0 sets them at the top, 1 at the bottom. `largest` is in units.

    On ruled paper the rules are drawn once the words are set, so that they stand on them.
    """

    left: float
    top: float
    right: float
    bottom: float
    anchor: float = 0.0
    largest: float = 13.0
    is_ruled: bool = False


@dataclass(frozen=True)
class Composition:
    """A way to draw a card."""

    draw: Callable[[Canvas], WordBox]
    palettes: tuple[Palette, ...] = (DAY, NIGHT)


def _words(canvas: Canvas, *, top: float = 0, right: float = 1, bottom: float = 1) -> WordBox:
    """The room for words, less what lies beyond these shares of the frame."""
    width, height = canvas.width, canvas.height
    room = room_for_words(width, height, canvas.caption_place)
    lowest = room.bottom * height - UNDERLINE * canvas.unit
    return WordBox(
        room.left * width, max(room.top, top) * height,
        min(room.right, right) * width, min(lowest, bottom * height),
    )  # fmt: skip


def _words_beside(canvas: Canvas, *, right: float = 0.53) -> WordBox:
    if canvas.is_wide:
        return replace(_words(canvas, right=right), anchor=0.42, largest=11.5)
    return replace(_words(canvas, bottom=0.46), anchor=0.2, largest=12)


def ruled(canvas: Canvas) -> WordBox:
    """A page of a script: ruled lines, a margin, one line marked."""
    unit, tone = canvas.unit, canvas.palette
    words = _words(canvas, top=0.17)
    margin = max(12 * unit, words.left - 5 * unit)
    canvas.path([(margin, 0), (margin, canvas.height)], tone.edge, width=0.14)
    canvas.path([(margin + unit, 0), (margin + unit, canvas.height)], tone.rule, width=0.14)
    for number in (0.3, 0.5, 0.7):
        canvas.disc((5.5 * unit, number * canvas.height), 1.7, tone.rule)
    return replace(words, left=margin + 5 * unit, anchor=0.3, largest=14, is_ruled=True)


def draw_rules(canvas: Canvas, *, through: float, gap: float) -> None:
    """Rule the page every `gap` pixels so that one rule is at height `through`."""
    y = through % gap
    while y < canvas.height:
        if y > 15 * canvas.unit:
            canvas.path([(0, y), (canvas.width, y)], canvas.palette.rule, width=0.14)
        y += gap


def horizon(canvas: Canvas) -> WordBox:
    """A low sun between ridges."""
    width, height, tone = canvas.width, canvas.height, canvas.palette
    level = 0.74 if canvas.is_wide else 0.7
    sun = (width * canvas.chance.uniform(0.66, 0.8), height * (level - 0.05))
    canvas.disc(sun, 19, tone.pencil)
    for depth, colour in enumerate((tone.rule, tone.edge, tone.second, tone.darkest)):
        ridge(canvas, at=level + 0.075 * depth, swell=0.05 - 0.006 * depth, colour=colour)
    return replace(_words(canvas, bottom=0.49 if canvas.is_wide else 0.46), largest=12)


def ridge(canvas: Canvas, *, at: float, swell: float, colour: tuple[int, int, int]) -> None:
    """A hilly edge at a share of the height, filled down to the foot."""
    width, height = canvas.width, canvas.height
    chance = canvas.chance
    waves = [(chance.uniform(0.6, 1.7) * n, chance.uniform(0, 6.3), swell / n) for n in (1, 2, 4)]
    crest: list[Point] = []
    for step in range(161):
        x = step / 160
        rise = sum(size * math.sin(speed * x * 2 * math.pi + phase) for speed, phase, size in waves)
        crest.append((x * width, (at - rise / 2) * height))
    canvas.polygon([*crest, (width, height), (0, height)], colour)


def rings(canvas: Canvas) -> WordBox:
    """Concentric rings with cross lines, one arc marked."""
    width, height, tone, unit = canvas.width, canvas.height, canvas.palette, canvas.unit
    across, down, reach = 0.79, 0.47, 38.0
    if not canvas.is_wide:
        across, down, reach = (0.6, 0.74, 34.0) if height > width * 1.2 else (0.66, 0.81, 27.0)
    centre = (across * width, down * height)
    canvas.disc(centre, reach, tone.well)
    for number in range(1, 9):
        canvas.ring(centre, reach * number / 8, tone.edge if number in {3, 8} else tone.rule, width=0.16)
    canvas.disc(centre, reach * 3 / 8, tone.ink)
    (x, y), far = centre, reach * 1.12 * unit
    canvas.path([(x - far, y), (x + far, y)], tone.edge, width=0.12)
    canvas.path([(x, y - far), (x, y + far)], tone.edge, width=0.12)
    start = canvas.chance.choice((0, 60, 135, 200, 270))
    canvas.path(canvas.arc_points(centre, reach * 0.69, start, start + 80), tone.pencil, width=2.2)
    return _words_beside(canvas)


def strip(canvas: Canvas) -> WordBox:
    """A strip of film across the page, one frame chosen."""
    width, height, unit, tone = canvas.width, canvas.height, canvas.unit, canvas.palette
    middle = (0.76 if canvas.is_wide else 0.7) * height
    half = 15.5 * unit
    film = mixed(tone.darkest, (0, 0, 0), 0.4)
    slope = math.tan(math.radians(canvas.chance.choice((-3.2, -2.2, 2.4))))
    place = _Slanted(middle - slope * width / 2, slope)
    canvas.polygon(place.box(-unit, -half, width + unit, half), film)
    for number in range(math.ceil(width / (4.2 * unit)) + 1):
        x = number * 4.2 * unit
        for y in (-half + 1.1 * unit, half - 2.7 * unit):
            canvas.polygon(place.box(x, y, x + 2.1 * unit, y + 1.6 * unit), tone.paper)
    frame_width, gap = 31 * unit, 1.6 * unit
    count = math.ceil(width / (frame_width + gap)) + 1
    first = -canvas.chance.uniform(0.2, 0.8) * frame_width
    for number in range(count):
        left = first + number * (frame_width + gap)
        _film_frame(canvas, place, left=left, right=left + frame_width, half=half - 4 * unit)
    chosen = 1 if count < 5 else 2
    centre = first + chosen * (frame_width + gap) + frame_width / 2
    canvas.pencil_loop((centre, place.y(centre, 0)), across=19.5, down=15, width=0.8)
    return replace(_words(canvas, bottom=0.5 if canvas.is_wide else 0.46), anchor=0.2, largest=12)


@dataclass(frozen=True)
class _Slanted:
    """Coordinates along a slanted band."""

    start: float
    slope: float

    def y(self, x: float, offset: float) -> float:
        return self.start + self.slope * x + offset

    def box(self, left: float, top: float, right: float, bottom: float) -> list[Point]:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return [(x, self.y(x, offset)) for x, offset in corners]


def _film_frame(canvas: Canvas, place: _Slanted, *, left: float, right: float, half: float) -> None:
    tone, chance = canvas.palette, canvas.chance
    sky, ground = chance.choice(((tone.paper, tone.second), (tone.rule, tone.edge), (tone.edge, tone.ink)))
    line = chance.uniform(0.1, 0.45) * half
    canvas.polygon(place.box(left, -half, right, half), sky)
    radius = chance.uniform(3, 5.5)
    x = left + chance.uniform(0.25, 0.75) * (right - left)
    canvas.disc((x, place.y(x, line - radius * canvas.unit * 0.5)), radius, tone.well)
    canvas.polygon(place.box(left, line, right, half), ground)


def tiles(canvas: Canvas) -> WordBox:
    """A wall of quarter circles, one of them marked."""
    width, height, chance, tone = canvas.width, canvas.height, canvas.chance, canvas.palette
    columns, rows = (3, 4) if canvas.is_wide else (5, 4) if height > width * 1.2 else (5, 2)
    side = height / rows if canvas.is_wide else width / columns
    left, top = width - side * columns, height - side * rows
    marked = chance.randrange(columns * rows // 2)
    for number in range(columns * rows):
        colour = (
            tone.pencil if number == marked else chance.choice((tone.ink, tone.edge, tone.second, tone.ink))
        )
        tile(canvas, (left + number % columns * side, top + number // columns * side), side, colour)
    return _words_beside(canvas, right=(left - 6 * canvas.unit) / width)


def tile(canvas: Canvas, corner: Point, reach: float, colour: tuple[int, int, int]) -> None:
    """A square of `reach` pixels with a quarter circle or a dot."""
    side, tone = reach / canvas.unit, canvas.palette
    ground = canvas.chance.choice((tone.well, tone.rule, tone.paper))
    canvas.rectangle(corner, (corner[0] + reach, corner[1] + reach), ground)
    shape = canvas.chance.randrange(5)
    if shape < 4:
        pivot = (corner[0] + reach * (shape in {1, 2}), corner[1] + reach * (shape in {2, 3}))
        canvas.sector(pivot, side, shape, colour)
    else:
        canvas.disc((corner[0] + reach / 2, corner[1] + reach / 2), side * 0.34, colour)


def columns(canvas: Canvas) -> WordBox:
    """Upright bars like levels on a meter, one marked."""
    width, height, tone = canvas.width, canvas.height, canvas.palette
    count = 34 if canvas.is_wide else 22
    step = width / count
    base = height * (0.985 if canvas.is_wide else 0.99)
    speed, phase = canvas.chance.uniform(1.2, 2.4), canvas.chance.uniform(0, 6)
    marked = canvas.chance.randrange(count // 2, count - 3)
    for number in range(count):
        swing = math.sin(number / count * math.pi) * (0.6 + 0.4 * math.sin(number * speed / 3 + phase))
        tall = height * (0.05 + 0.26 * swing + canvas.chance.uniform(0, 0.05))
        left = (number + 0.5) * step - 0.19 * step
        colour = tone.pencil if number == marked else tone.ink
        canvas.rectangle((left, base - tall), (left + 0.38 * step, base), colour)
    canvas.path([(0, base), (width, base)], tone.ink, width=0.3)
    return replace(_words(canvas, bottom=0.6), largest=12)


COMPOSITIONS = (
    Composition(horizon), Composition(tiles), Composition(ruled, (DAY,)),
    Composition(rings), Composition(strip, (DAY,)), Composition(columns),
)  # fmt: skip
