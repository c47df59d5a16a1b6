"""Captions: a dark plate with white text, ready to blend into the planes of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from rendering.media.colour import rgb_to_planes
from rendering.media.planes import Planes
from rendering.media.text import Block, Style, draw_block, fit_text

INK = (251, 250, 245)
AMBER = (255, 205, 92)  # emoji where the machine has no colour emoji font
PLATE = (22, 20, 15)
PLATE_ALPHA = 0.74
MAX_LINES = 2


@dataclass(frozen=True)
class SafeArea:
    """Where a caption may stand, as shares of the frame: its widest line, and the gap under it."""

    width: float
    bottom: float
    text: float


# Phones cover the lowest fifth of an upright video with their own buttons.
LANDSCAPE = SafeArea(width=0.72, bottom=0.065, text=0.048)
UPRIGHT = SafeArea(width=0.82, bottom=0.2, text=0.056)
SQUARE = SafeArea(width=0.82, bottom=0.075, text=0.05)


@dataclass(frozen=True)
class CaptionOverlay:
    """A caption's box: premultiplied planes to add, and what to keep of the picture, 0 to 255."""

    x: int
    y: int
    keep: Planes
    light: Planes

    def blend(self, frame: Planes) -> None:
        """Draw over the frame in place; only the caption's box is touched."""
        for number, plane in enumerate(frame):
            shift = 1 if number else 0
            height, width = self.keep[number].shape
            top, left = self.y >> shift, self.x >> shift
            box = plane[top : top + height, left : left + width]
            cv2.multiply(box, self.keep[number], dst=box, scale=1 / 255)
            cv2.add(box, self.light[number], dst=box)


def safe_area(width: int, height: int) -> SafeArea:
    """The safe area for a frame of this shape."""
    if width > height:
        return LANDSCAPE
    return UPRIGHT if height > width else SQUARE


@lru_cache(maxsize=8)
def caption_overlay(text: str, *, width: int, height: int, language: str = "en") -> CaptionOverlay:
    """Draw one caption for frames of `width` by `height` pixels."""
    area = safe_area(width, height)
    block = _caption_block(text, width=width, height=height, language=language)
    pad_x, pad_y = round(block.style.size * 0.55), round(block.style.size * 0.22)
    box = (_even(block.width + 2 * pad_x), _even(block.height + 2 * pad_y))
    x = _even((width - box[0]) // 2)
    y = max(0, _even(height - round(area.bottom * height) - box[1]))
    image = _plate(box, radius=block.style.size * 0.32)
    column = box[0] - 2 * pad_x
    draw_block(image, block, at=(pad_x, pad_y), width=column, fill=INK, align="centre", emoji_fill=AMBER)
    return _overlay(image, x=x, y=y)


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


def _overlay(image: Image.Image, *, x: int, y: int) -> CaptionOverlay:
    pixels = np.asarray(image)
    colour = rgb_to_planes(np.ascontiguousarray(pixels[..., :3]))
    alpha = pixels[..., 3]
    half = cv2.resize(alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    alphas = (alpha, half, half)
    light = [np.rint(c * (a / 255.0)).astype(np.uint8) for c, a in zip(colour, alphas, strict=True)]
    keep = [np.ascontiguousarray(255 - a) for a in alphas]
    return CaptionOverlay(x, y, Planes(*keep), Planes(*light))
