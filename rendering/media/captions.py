"""Captions: a dark plate with white text, ready to blend into the planes of a frame.

The plate and its words are drawn twice a caption, once plain and once with every word lit. Lighting a word
copies its part of the second drawing: a word costs a copy of the plate, and a frame what it did before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from rendering.media.card_canvas import Colour, colour_of
from rendering.media.contrast import contrast
from rendering.media.overlay import Overlay
from rendering.media.planes import Planes
from rendering.media.text import ELLIPSIS, Block, Style, draw_block, extents, fit_text

INK = (251, 250, 245)
AMBER = (255, 205, 92)  # emoji where the machine has no colour emoji font
PLATE = (22, 20, 15)
PLATE_ALPHA = 0.74
MAX_LINES = 2
READABLE = 4.5  # contrast of a lit word to the plate


@dataclass(frozen=True)
class SafeArea:
    """Where a caption may stand, as shares of the frame: its widest line, and the gap under and above it."""

    width: float
    bottom: float
    text: float
    # Below a logo in an upper corner.
    top: float = 0.125

    def start(self, place: str, *, height: int, caption: int) -> int:
        """The row at which a caption of so many rows begins; `place` is bottom, middle or top."""
        rows = {"top": self.top * height, "middle": (height - caption) / 2}
        below = height - round(self.bottom * height) - caption
        return max(0, _even(round(rows.get(place, below))))


# Phones cover the lowest fifth of an upright video with their own buttons.
LANDSCAPE = SafeArea(width=0.72, bottom=0.065, text=0.048)
UPRIGHT = SafeArea(width=0.82, bottom=0.2, text=0.056)
SQUARE = SafeArea(width=0.82, bottom=0.075, text=0.05)


def safe_area(width: int, height: int) -> SafeArea:
    """The safe area for a frame of this shape."""
    if width > height:
        return LANDSCAPE
    return UPRIGHT if height > width else SQUARE


@lru_cache(maxsize=8)
def caption_overlay(
    text: str, *, width: int, height: int, language: str = "en", words: tuple[str, ...] = (),
    lit: int = -1, accent: str = "", place: str = "bottom",
) -> Overlay:  # fmt: skip
    """Draw one caption for frames of `width` by `height` pixels; `place` is bottom, middle or top.

    `words` joined are the text; the one with the index `lit` shines in `accent` ("#rrggbb", or amber).
    """
    drawn = _drawn(text, width, height, language, place)
    if not 0 <= lit < len(words):
        return drawn.plain
    shining = _shining(text, width, height, language, place, _shine(accent))
    light = [plane.copy() for plane in drawn.plain.light]
    for left, top, right, bottom in drawn.places(words, lit):
        for shift, plane in enumerate(light):
            box = slice(top >> shift, bottom >> shift), slice(left >> shift, right >> shift)
            plane[box] = shining.light[shift][box]
    return Overlay(drawn.plain.x, drawn.plain.y, drawn.plain.keep, Planes(*light))


@dataclass(frozen=True)
class _Drawn:
    """A caption as it looks before any word is lit, and where its lines are inside its box."""

    text: str
    block: Block
    pad: tuple[int, int]
    column: int
    plain: Overlay

    def places(self, words: tuple[str, ...], lit: int) -> Iterator[tuple[int, int, int, int]]:
        """The parts of the box that a word covers: left, top, right and bottom, all even."""
        start, end = _span(self.text, words, lit)
        at = 0
        for number, line in enumerate(self.block.lines):
            first = self.text.find(line.text.removesuffix(ELLIPSIS).strip(), at)
            if first < 0:
                return
            at = first + len(line.text)
            top = self.pad[1] + number * self.block.line_height
            bottom = top + self.block.line_height
            edge = self.pad[0] + (self.column - line.width) / 2
            for left, right in extents(line, style=self.block.style, start=start - first, end=end - first):
                # Neighbours share an edge; at the ends of a line letters may hang over.
                over = 2 * (right >= line.width - 0.5)
                yield _down(edge + left), _down(top), _down(edge + right) + over, _down(bottom)


@lru_cache(maxsize=4)
def _drawn(text: str, width: int, height: int, language: str, place: str) -> _Drawn:
    block = _caption_block(text, width=width, height=height, language=language)
    pad = round(block.style.size * 0.55), round(block.style.size * 0.22)
    box = (_even(block.width + 2 * pad[0]), _even(block.height + 2 * pad[1]))
    x = _even((width - box[0]) // 2)
    y = safe_area(width, height).start(place, height=height, caption=box[1])
    column = box[0] - 2 * pad[0]
    plain = Overlay.of(_image(block, box, pad=pad, fill=INK), x=x, y=y)
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return _Drawn(text, block, pad, column, plain)


@lru_cache(maxsize=4)
def _shining(text: str, width: int, height: int, language: str, place: str, fill: Colour) -> Overlay:
    """The same caption with all its words lit."""
    drawn = _drawn(text, width, height, language, place)
    rows, columns = drawn.plain.keep.y.shape
    image = _image(drawn.block, (columns, rows), pad=drawn.pad, fill=fill)
    return Overlay.of(image, x=drawn.plain.x, y=drawn.plain.y)


def _image(block: Block, box: tuple[int, int], *, pad: tuple[int, int], fill: Colour) -> Image.Image:
    image = _plate(box, radius=block.style.size * 0.32)
    width = box[0] - 2 * pad[0]
    draw_block(image, block, at=pad, width=width, fill=fill, align="centre", emoji_fill=AMBER)
    return image


def _shine(accent: str) -> Colour:
    """The accent where it can be read on the plate (WCAG 2.2, 1.4.3), else amber."""
    if accent and contrast(colour_of(accent), PLATE) >= READABLE:
        return colour_of(accent)
    return AMBER


def _span(text: str, words: tuple[str, ...], lit: int) -> tuple[int, int]:
    """Where a word stands in the caption's text, with the space after it."""
    at = start = 0
    for word in words[: lit + 1]:
        plain = " ".join(unicodedata.normalize("NFC", word).split())
        found = text.find(plain, at)
        start, at = (found, found + len(plain)) if found >= 0 else (at, at)
    return start, at + text.startswith(" ", at)


def _down(length: float) -> int:
    return 2 * int(length // 2)


def _caption_block(text: str, *, width: int, height: int, language: str) -> Block:
    area = safe_area(width, height)
    largest = max(8, round(area.text * min(width, height)))
    sizes = [max(8, round(largest * share)) for share in (1, 0.92, 0.84, 0.76, 0.7)]
    styles = [Style(size=size, weight=600, language=language) for size in sizes]
    wanted = fit_text(text, styles=styles[:1], width=area.width * width, height=height)
    if len(wanted.lines) <= MAX_LINES:
        return wanted
    room = wanted.line_height * (MAX_LINES + 1)
    return fit_text(text, styles=styles, width=area.width * width, height=room)


def _even(value: int) -> int:
    return value + value % 2


def _plate(size: tuple[int, int], *, radius: float) -> Image.Image:
    """A rounded rectangle with smooth corners: alpha from the distance to its edge."""
    width, height = size
    x = np.abs(np.arange(width) + 0.5 - width / 2) - (width / 2 - radius)
    y = np.abs(np.arange(height) + 0.5 - height / 2) - (height / 2 - radius)
    outside = np.hypot(np.maximum(x[None, :], 0), np.maximum(y[:, None], 0)) - radius
    alpha = np.clip(0.5 - outside, 0, 1) * PLATE_ALPHA * 255
    image = Image.new("RGBA", size, (*PLATE, 0))
    image.putalpha(Image.fromarray(np.rint(alpha).astype(np.uint8)))
    return image
