"""Setting text: runs by font and direction, lines, and drawing them on a Pillow image."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw

from rendering.media.bidi import base_level, levels, visual_order
from rendering.media.breaking import pieces, wrap
from rendering.media.clusters import clusters
from rendering.media.fonts import COLOUR_STRIKE, Face, face_for

Align = Literal["start", "centre"]
Colour = tuple[int, int, int]

EMOJI_SCALE = 0.92  # Noto's emoji are larger than its letters
ELLIPSIS = "…"


@dataclass(frozen=True)
class Style:
    """How text is set: size in pixels, weight 400 to 700, language for the shapes of ideographs.

    `family` is one of fonts.FAMILIES, or empty for Noto Sans; what it has no letters for is set in Noto.
    """

    size: int
    weight: int = 600
    language: str = "en"
    leading: float = 1.0
    family: str = ""


@dataclass(frozen=True)
class Run:
    """Neighbouring characters with one font and one direction; `start` is their place in the line's text."""

    text: str
    face: Face
    level: int
    width: float
    start: int = 0

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """What the shaper is told."""
        return "rtl" if self.level % 2 else "ltr"


@dataclass(frozen=True)
class Line:
    """A text and its runs from left to right as they appear on screen."""

    text: str
    runs: tuple[Run, ...]
    is_right_to_left: bool

    @property
    def width(self) -> float:
        """Advance width in pixels."""
        return sum(run.width for run in self.runs)


class Block(NamedTuple):
    """Lines ready to draw."""

    lines: list[Line]
    style: Style
    width: int
    line_height: int

    @property
    def height(self) -> int:
        """From the top of the first line to the bottom of the last, in pixels."""
        return self.line_height * len(self.lines)


def set_text(text: str, *, style: Style, width: float) -> Block:
    """Break `text` into even lines no wider than `width` pixels."""
    text = unicodedata.normalize("NFC", text)
    rows = wrap(text, width=width, measure=lambda part: line_of(part, style=style).width)
    lines = [line_of(row, style=style, base=base_level(text)) for row in rows]
    tall = any(run.face.is_tall for line in lines for run in line.runs)
    line_height = round(style.size * (1.6 if tall else 1.34) * style.leading)
    return Block(lines, style, round(max((line.width for line in lines), default=0)), line_height)


def fit_text(text: str, *, styles: Sequence[Style], width: float, height: float) -> Block:
    """Set in the first style whose block fits the box without breaking a word; in the last, words may break.

    What is still too long loses its end and says so with "…".
    """
    for style in styles:
        block = set_text(text, style=style, width=width)
        is_last = style is styles[-1]
        if (
            block.height <= height
            and block.width <= width + 1
            and (is_last or _keeps_words(text, style, width))
        ):
            return block
    return _shortened(text, style=styles[-1], width=width, height=height)


def _keeps_words(text: str, style: Style, width: float) -> bool:
    """Whether everything that should stay on one line is narrow enough for it."""
    words = {piece.strip() for piece in pieces(unicodedata.normalize("NFC", text))}
    return all(line_of(word, style=style).width <= width for word in words if word)


def _shortened(text: str, *, style: Style, width: float, height: float) -> Block:
    units = clusters(text)
    fits, too_long = 0, len(units)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        part = "".join(units[:middle]).rstrip() + ELLIPSIS
        if set_text(part, style=style, width=width).height <= height:
            fits = middle
        else:
            too_long = middle
    return set_text("".join(units[:fits]).rstrip() + ELLIPSIS, style=style, width=width)


@lru_cache(maxsize=512)
def line_of(text: str, *, style: Style, base: int | None = None) -> Line:
    """Itemise one line: a font for each cluster, a direction for each run, runs in screen order."""
    level = base_level(text) if base is None else base
    units = clusters(text)
    faces = _faces(units, style)
    char_levels = levels(text, base=level)
    marks = _per_character(units, faces, char_levels)
    logical: list[Run] = []
    start = 0
    for (face, run_level), group in groupby(marks, key=lambda mark: (mark[1], mark[2])):
        part = "".join(mark[0] for mark in group)
        logical.append(Run(part, face, run_level, _width(part, face, run_level, style), start))
        start += len(part)
    order = visual_order([run.level for run in logical])
    return Line(text, tuple(logical[index] for index in order), bool(level % 2))


def extents(line: Line, *, style: Style, start: int, end: int) -> list[tuple[float, float]]:
    """Where characters [start, end) of a line's text stand: left and right edges from the line's left end."""
    found = []
    x = 0.0
    for run in line.runs:
        first, last = max(start, run.start) - run.start, min(end, run.start + len(run.text)) - run.start
        if first < last:
            before, after = (_width(run.text[:count], run.face, run.level, style) for count in (first, last))
            if run.level % 2:
                before, after = run.width - after, run.width - before
            found.append((x + before, x + after))
        x += run.width
    return found


def _per_character(
    units: list[str], faces: list[Face], char_levels: list[int]
) -> list[tuple[str, Face, int]]:
    marks = []
    place = 0
    for unit, face in zip(units, faces, strict=True):
        marks.append((unit, face, char_levels[place]))
        place += len(unit)
    return marks


def _faces(units: list[str], style: Style) -> list[Face]:
    """Punctuation and spaces stay in the font of the letter before them, so that runs stay long."""
    language, family = style.language, style.family
    fallback = face_for("A", language=language)
    found: list[Face] = []
    for unit in units:
        previous = found[-1] if found else None
        if previous and not previous.is_emoji and not unit[0].isalnum() and previous.covers(unit):
            keep = face_for(unit, language=language, family=family)
            found.append(keep if keep and keep.is_emoji else previous)
            continue
        face = face_for(unit, language=language, family=family) or fallback
        if face is None:
            raise FileNotFoundError("The Noto font packages are not installed.")
        found.append(face)
    return found


def _width(text: str, face: Face, level: int, style: Style) -> float:
    font = face.at(size=style.size, weight=style.weight)
    length = font.getlength(text, direction="rtl" if level % 2 else "ltr", language=style.language)
    return length * style.size / COLOUR_STRIKE * EMOJI_SCALE if face.is_colour else length


def draw_block(
    image: Image.Image, block: Block, *, at: tuple[float, float], width: float,
    fill: Colour, align: Align = "start", emoji_fill: Colour | None = None,
) -> None:  # fmt: skip
    """Draw on an RGB or RGBA image, the block's top left corner at `at`, inside a column of `width` pixels.

    "start" is the left edge, or the right edge for right-to-left lines. `emoji_fill` colours emoji where no
    colour font is installed.
    """
    left, top = at
    baseline = top + block.line_height / 2 + block.style.size * 0.36
    for line in block.lines:
        slack = width - line.width
        shift = slack / 2 if align == "centre" else slack * line.is_right_to_left
        at = (left + shift, baseline)
        draw_line(image, line, style=block.style, at=at, fill=fill, emoji_fill=emoji_fill)
        baseline += block.line_height


def draw_line(
    image: Image.Image, line: Line, *, style: Style, at: tuple[float, float],
    fill: Colour, emoji_fill: Colour | None = None,
) -> None:  # fmt: skip
    """Draw one line, `at` being the left end of its baseline."""
    pen = ImageDraw.Draw(image)
    x, baseline = at
    for run in line.runs:
        if run.face.is_colour:
            _draw_pictures(image, run, style=style, at=(x, baseline))
        else:
            colour = emoji_fill if emoji_fill and run.face.is_emoji else fill
            font = run.face.at(size=style.size, weight=style.weight)
            pen.text(
                (x, baseline), run.text, fill=colour, font=font, anchor="ls",
                direction=run.direction, language=style.language,
            )  # fmt: skip
        x += run.width


def _draw_pictures(image: Image.Image, run: Run, *, style: Style, at: tuple[float, float]) -> None:
    """Colour emoji are bitmaps of one size: draw them at that size and shrink."""
    font = run.face.at(size=style.size, weight=style.weight)
    size = (max(1, round(font.getlength(run.text))), COLOUR_STRIKE * 3 // 2)
    picture = Image.new("RGBA", size)
    ImageDraw.Draw(picture).text((0, COLOUR_STRIKE), run.text, font=font, anchor="ls", embedded_color=True)
    scale = style.size / COLOUR_STRIKE * EMOJI_SCALE
    shrunk = (max(1, round(run.width)), max(1, round(size[1] * scale)))
    small = picture.resize(shrunk, Image.Resampling.LANCZOS)
    corner = (round(at[0]), round(at[1] - COLOUR_STRIKE * scale))
    image.paste(small, corner, small)
