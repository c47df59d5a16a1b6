"""A card being laid out: shapes and pictures first, words last, all mirrored for right-to-left words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from rendering.media.bidi import base_level
from rendering.media.card_canvas import Canvas, Colour, Palette
from rendering.media.card_room import room_for_words
from rendering.media.planes import Plane
from rendering.media.text import Align, Block, Style, draw_block, fit_text

SHRINKING = 0.93
STEPS = 18  # the smallest words have 29 % of the size of the largest


@dataclass(frozen=True)
class Box:
    """A part of the page in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    def with_(self, **edges: float) -> Box:
        """The same box with other edges."""
        return replace(self, **edges)


@dataclass(frozen=True)
class Setting:
    """How words are set: the largest size in units, weight, family, line height."""

    largest: float
    weight: int = 700
    family: str = ""
    leading: float = 0.92


class Page:
    """A canvas with words. Coordinates are those of a left-to-right page."""

    def __init__(
        self, width: int, height: int, *, palette: Palette, seed: str, words: str, language: str,
        caption_place: str = "bottom",
    ) -> None:  # fmt: skip
        self.canvas = Canvas(width, height, palette=palette, seed=seed)
        self.width, self.height, self.unit = width, height, self.canvas.unit
        self.tone = palette
        self.is_mirrored = bool(base_level(words))
        self._language = language
        self._words: list[tuple[Block, Box, float, Colour, Align]] = []
        room = room_for_words(width, height, caption_place)
        self.room = Box(room.left * width, room.top * height, room.right * width, room.bottom * height)

    @property
    def is_wide(self) -> bool:
        """Is there room for two columns?"""
        return self.canvas.is_wide

    @property
    def is_tall(self) -> bool:
        """Is it a telephone's shape?"""
        return self.height > self.width * 1.2

    def fit(self, words: str, setting: Setting, *, width: float, height: float) -> Block:
        """Set words as large as the setting allows and the box holds."""
        sizes = [setting.largest * SHRINKING**step for step in range(STEPS)]
        styles = [self._style(setting, size) for size in sizes]
        return fit_text(words, styles=styles, width=width, height=height)

    def fit_alike(
        self, all_words: Sequence[str], setting: Setting, *, width: float, height: float
    ) -> list[Block]:
        """Set several texts in one size, each within `width` and `height`."""
        blocks = [self.fit(words, setting, width=width, height=height) for words in all_words]
        smallest = min(blocks, key=lambda block: block.style.size).style
        return [fit_text(words, styles=[smallest], width=width, height=height) for words in all_words]

    def put(
        self, block: Block, box: Box, *, top: float | None = None, fill: Colour | None = None,
        align: Align = "start",
    ) -> float:  # fmt: skip
        """Draw a block in the column of `box`, from its top or from `top`; the height at which it ends."""
        top = box.top if top is None else top
        self._words.append((block, box, top, fill or self.tone.ink, align))
        return top + block.height

    def picture(self, pixels: Plane, box: Box) -> None:
        """Fill a box with the middle of an RGB picture."""
        left, top = round(box.left), round(box.top)
        width, height = round(box.right) - left, round(box.bottom) - top
        fitted = cropped(pixels, width=width, height=height)
        self.canvas.pixels[top : top + height, left : left + width] = (
            fitted[:, ::-1] if self.is_mirrored else fitted
        )

    def darken(self, box: Box, *, colour: Colour, most: float, least: float = 0.0) -> None:
        """Lay a colour over a box, from the share `least` (0 to 1) at its top to `most` at its bottom."""
        top, bottom = max(0, round(box.top)), min(self.height, round(box.bottom))
        share = np.linspace(least, most, bottom - top, dtype=np.float32)[:, None, None]
        part = self.canvas.pixels[top:bottom, round(box.left) : round(box.right)]
        part[:] = np.rint(part * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)

    def rings(self, *colours: Colour) -> None:
        """Three large discs inside each other, running off the far lower corner."""
        centre = (self.width * 0.98, self.height)
        for radius, colour in zip((62, 44, 27), colours, strict=True):
            self.canvas.disc(centre, radius if self.is_wide else radius * 0.9, colour)

    def finish(self) -> Image.Image:
        """The page as an RGB image."""
        pixels = self.canvas.pixels
        image = Image.fromarray(np.ascontiguousarray(pixels[:, ::-1]) if self.is_mirrored else pixels)
        for block, box, top, fill, align in self._words:
            if not block.lines:
                continue
            left = self.width - box.right if self.is_mirrored else box.left
            if self.is_mirrored and align == "start" and not block.lines[0].is_right_to_left:
                # Numbers and foreign names stand at the edge where the page's own words begin.
                left += box.width - block.width
            draw_block(
                image, block, at=(left, top), width=box.width, fill=fill, align=align,
                emoji_fill=self.tone.pencil,
            )  # fmt: skip
        return image

    def _style(self, setting: Setting, size: float) -> Style:
        return Style(
            size=max(8, round(size * self.unit)), weight=setting.weight, language=self._language,
            leading=setting.leading, family=setting.family,
        )  # fmt: skip


def cropped(pixels: Plane, *, width: int, height: int) -> Plane:
    """The largest middle part of a picture with this shape, at this size."""
    full_height, full_width = pixels.shape[:2]
    ratio = min(full_width / width, full_height / height)
    across, down = max(1, round(width * ratio)), max(1, round(height * ratio))
    left, top = (full_width - across) // 2, (full_height - down) // 2
    part = pixels[top : top + down, left : left + across]
    method = cv2.INTER_AREA if ratio > 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=method), np.uint8)
