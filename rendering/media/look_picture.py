"""The two looks of a picture: over the whole frame with words at its foot, or on one side of the words."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from rendering.media.card_art import drawing
from rendering.media.card_canvas import mixed
from rendering.media.errors import MediaError
from rendering.media.page import Box, Page, Setting
from rendering.media.planes import Plane
from rendering.media.specs import CardSpec

WHITE = (252, 251, 247)
SHADE = (10, 10, 9)
DARKEST = 0.7
PICTURE_SHARE = 0.46  # of the width of a wide frame; of the height of the others


def draw_photo(page: Page, spec: CardSpec, *, family: str) -> Image.Image:
    """The picture over the whole frame; its words stand on a shade that rises from the foot."""
    _fill(page, spec, Box(0, 0, page.width, page.height))
    return words_at_foot(page, spec, family=family)


def words_at_foot(page: Page, spec: CardSpec, *, family: str) -> Image.Image:
    """The words of a picture, on a shade over whatever the page shows."""
    words = spec.heading or spec.text
    if not words.strip():
        return page.finish()
    unit, room = page.unit, page.room
    box = room.with_(left=room.left + 4 * unit, top=room.top + room.height * 0.3)
    if page.is_wide:
        box = box.with_(right=room.left + room.width * 0.8)
    block = page.fit(words, Setting(10.0, family=family, leading=0.9), width=box.width, height=box.height)
    top = room.bottom - block.height - 1.5 * unit
    _shade(page, top=top, height=block.height)
    inset = 0.12 * block.line_height
    page.canvas.rectangle(
        (room.left, top + inset), (room.left + 1.1 * unit, top + block.height - inset),
        mixed(page.tone.pencil, WHITE, 0.25),
    )  # fmt: skip
    page.put(block, box, top=top, fill=WHITE)
    return page.finish()


def draw_split(page: Page, spec: CardSpec, *, family: str) -> Image.Image:
    """The picture on one side, the words on paper on the other, a strip of colour between them."""
    unit, room = page.unit, page.room
    strip = 1.2 * unit
    if page.is_wide:
        edge = page.width * (1 - PICTURE_SHARE)
        picture, box = Box(edge, 0, page.width, page.height), room.with_(right=edge - 5 * unit)
        seam = Box(edge - strip, 0, edge, page.height)
    else:
        edge = page.height * (0.36 if page.is_tall else 0.34)
        picture = Box(0, 0, page.width, edge)
        box = room.with_(top=edge + 6 * unit)
        seam = Box(0, edge, page.width, edge + strip)
    _fill(page, spec, picture)
    page.canvas.rectangle((seam.left, seam.top), (seam.right, seam.bottom), page.tone.pencil)
    _words_beside(page, spec.heading or spec.text, box, family=family)
    return page.finish()


def _words_beside(page: Page, words: str, box: Box, *, family: str) -> None:
    setting = Setting(10.0 if page.is_wide else 9.4, family=family, leading=0.9)
    block = page.fit(words, setting, width=box.width, height=box.height)
    page.put(block, box, top=box.top + (box.height - block.height) * (0.45 if page.is_wide else 0.15))


def _fill(page: Page, spec: CardSpec, box: Box) -> None:
    """The picture, or a drawing without words where there is none."""
    if spec.picture_path:
        page.picture(_read(spec.picture_path), box)
        return
    size = (round(box.width), round(box.height))
    page.picture(drawing(*size, palette=page.tone, seed=spec.seed), box)


def _read(path: str) -> Plane:
    picture = cv2.imread(path, cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise MediaError("image-broken", "The picture of this scene cannot be read.")
    return np.asarray(picture, np.uint8)


def _shade(page: Page, *, top: float, height: float) -> None:
    """Dark enough behind the words for any picture, from a third of their height down to the foot."""
    full = top + height / 3
    page.darken(Box(0, max(0.0, top - 30 * page.unit), page.width, full), colour=SHADE, most=DARKEST)
    page.darken(Box(0, full, page.width, page.height), colour=SHADE, least=DARKEST, most=DARKEST)
