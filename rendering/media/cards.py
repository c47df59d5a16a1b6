"""Scene cards: what a scene shows when no picture is given. Ink on paper, one grease pencil."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from PIL import Image

from rendering.media.bidi import base_level
from rendering.media.card_canvas import Canvas, Palette, Point
from rendering.media.card_compositions import COMPOSITIONS, Composition, WordBox, draw_rules
from rendering.media.outputs import whole_file
from rendering.media.specs import CardSpec
from rendering.media.text import Block, Style, draw_block, draw_line, fit_text, line_of

LONGEST = 140  # characters; more is a paragraph, not a title
NUMBER_ROOM = 10.5  # units above the words for the circled number
ONE_WORD = 1.6  # how much larger a single short word is set
SENTENCE = re.compile(r"^.{12,}?[.!?。！？؟।](?=\s|$)|^.{6,}?[。！？]", re.DOTALL)


def run(spec: CardSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Draw the card as a PNG at `spec.out_path`. The same spec gives the same pixels.

    Raises MediaError("no-space").
    """
    image = draw_card(spec)
    with whole_file(spec.out_path) as path:
        image.save(path, format="PNG", compress_level=3)
    progress(1)
    return {"width": spec.width, "height": spec.height}


def draw_card(spec: CardSpec) -> Image.Image:
    """The card as an RGB image: a drawing chosen by the seed, the words set large, the number circled above.

    Number 0 is not drawn.
    """
    cv2.setNumThreads(1)
    words = title_of(spec.text)
    composition, palette = choose(spec)
    canvas = Canvas(spec.width, spec.height, palette=palette, seed=f"{spec.seed}/{spec.number}")
    box = composition.draw(canvas)
    if spec.number:
        box = replace(box, top=box.top + NUMBER_ROOM * canvas.unit)
    block = _set_words(words, box=box, unit=canvas.unit)
    top = box.top + max(0.0, box.bottom - box.top - block.height) * box.anchor
    _draw_marks(canvas, block, box=box, top=top)
    number_at = (box.left + 4.7 * canvas.unit, top - (NUMBER_ROOM - 4.3) * canvas.unit)
    if spec.number:
        canvas.pencil_loop(number_at, across=4.1, down=3.7, width=0.45)
    mirrored = bool(base_level(words))
    image = Image.fromarray(np.ascontiguousarray(canvas.pixels[:, ::-1]) if mirrored else canvas.pixels)
    left = spec.width - box.right if mirrored else box.left
    draw_block(
        image, block, at=(left, top), width=box.right - box.left,
        fill=palette.ink, emoji_fill=palette.pencil,
    )  # fmt: skip
    if spec.number:
        x, y = number_at
        _draw_number(image, spec.number, at=(spec.width - x if mirrored else x, y), canvas=canvas)
    return image


def choose(spec: CardSpec) -> tuple[Composition, Palette]:
    """What to draw and in which light. Scenes that share a seed take the compositions in turn."""
    pick = int.from_bytes(hashlib.sha256(spec.seed.encode()).digest()[:4]) + spec.number
    composition = COMPOSITIONS[pick % len(COMPOSITIONS)]
    return composition, composition.palettes[pick // 7 % len(composition.palettes)]


def _draw_marks(canvas: Canvas, block: Block, *, box: WordBox, top: float) -> None:
    """What depends on where the words came to stand: rules and the pencil's stroke."""
    if box.is_ruled:
        below_letters = top + block.line_height / 2 + block.style.size * 0.44
        draw_rules(canvas, through=below_letters, gap=block.line_height / 2)
    if block.lines:
        start = (box.left + 0.4 * canvas.unit, top + block.height + 2.4 * canvas.unit)
        canvas.pencil_stroke(start, min(block.width, 24 * canvas.unit))


def title_of(text: str) -> str:
    """The words a card shows: the first sentence of a long text, on one paragraph."""
    joined = " ".join(text.split())
    sentence = SENTENCE.match(joined)
    if sentence and len(joined) > LONGEST // 2:
        joined = sentence.group().strip()
    return joined[: LONGEST * 2]


def _set_words(words: str, *, box: WordBox, unit: float) -> Block:
    largest = box.largest * (ONE_WORD if len(words) <= 12 else 1)
    sizes = [largest * 0.93**step for step in range(16)]
    styles = [Style(size=max(8, round(size * unit)), weight=700, leading=0.9) for size in sizes]
    return fit_text(words, styles=styles, width=box.right - box.left, height=box.bottom - box.top)


def _draw_number(image: Image.Image, number: int, *, at: Point, canvas: Canvas) -> None:
    style = Style(size=max(8, round(3.6 * canvas.unit)), weight=700)
    line = line_of(str(number), style=style)
    start = (at[0] - line.width / 2, at[1] + style.size * 0.36)
    draw_line(image, line, style=style, at=start, fill=canvas.palette.ink)
