"""Scene cards: what a scene shows, in one of six looks, in ink and grease pencil or a brand's colours.

Start at `draw_card`. The look of a title is drawn here; the others are in the modules `look_…`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from PIL import Image

from rendering.media import look_brand, look_chart, look_list, look_picture, look_quote
from rendering.media.bidi import base_level
from rendering.media.card_art import drawing
from rendering.media.card_canvas import DAY, NIGHT, Canvas, Palette, Point, colour_of
from rendering.media.card_compositions import COMPOSITIONS, Composition, WordBox, draw_rules
from rendering.media.fonts import family_for
from rendering.media.outputs import whole_file
from rendering.media.page import Page
from rendering.media.specs import CardSpec
from rendering.media.text import Block, Style, draw_block, draw_line, fit_text, line_of

LONGEST = 140  # characters; more is a paragraph, not a title
NUMBER_ROOM = 10.5  # units above the words for the circled number
STANDARD_FAMILY = "manrope"
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
    """The card as an RGB image. A text that does not suit the look is set as a title."""
    cv2.setNumThreads(1)
    draw = LOOKS.get(spec.look, _title)
    return draw(spec) or _title(spec)


def draw_words(spec: CardSpec) -> Image.Image:
    """The words of a photo card and their shade alone, as RGBA, to be laid over a picture that moves."""
    shown = []
    for background in (0, 255):
        page = _page(spec, night=False)
        page.canvas.pixels[:] = background
        shown.append(np.asarray(look_picture.words_at_foot(page, spec, family=_family(spec)), np.float32))
    on_black, on_white = shown
    # What shows through of white and not of black is what is not covered.
    alpha = 1 - (on_white - on_black).max(axis=2, keepdims=True) / 255
    colour = np.clip(on_black / np.maximum(alpha, 1 / 255), 0, 255)
    return Image.fromarray(np.rint(np.concatenate([colour, 255 * alpha], axis=2)).astype(np.uint8))


def _title(spec: CardSpec) -> Image.Image:
    """A drawing chosen by the seed, the words set large, the number circled above; 0 is not drawn."""
    words = title_of(spec.heading or spec.text)
    composition, palette = choose(spec)
    seed = f"{spec.seed}/{spec.number}"
    canvas = Canvas(
        spec.width, spec.height, palette=palette, seed=seed, caption_place=spec.caption_place
    )  # fmt: skip
    box = composition.draw(canvas)
    if spec.number:
        box = replace(box, top=box.top + NUMBER_ROOM * canvas.unit)
    block = _set_words(words, box=box, unit=canvas.unit, spec=spec)
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


def _page(spec: CardSpec, *, night: bool) -> Page:
    """An empty page in the brand's colours, or in ours by day or by night."""
    palette = brand_palette(spec) or (NIGHT if night else DAY)
    words = spec.heading or spec.text
    return Page(
        spec.width, spec.height, palette=palette, seed=spec.seed, words=words, language=spec.language,
        caption_place=spec.caption_place,
    )  # fmt: skip


def _quote(spec: CardSpec) -> Image.Image:
    family = _family(spec, standard="source-serif")
    return look_quote.draw(_page(spec, night=_is_night(spec)), spec, family=family)


def _list(spec: CardSpec) -> Image.Image:
    return look_list.draw(_page(spec, night=False), spec, family=_family(spec))


def _photo(spec: CardSpec) -> Image.Image:
    return look_picture.draw_photo(_page(spec, night=False), spec, family=_family(spec))


def _split(spec: CardSpec) -> Image.Image:
    return look_picture.draw_split(_page(spec, night=_is_night(spec)), spec, family=_family(spec))


def _chart(spec: CardSpec) -> Image.Image | None:
    return look_chart.draw(_page(spec, night=_is_night(spec)), spec, family=_family(spec))


def _art(spec: CardSpec) -> Image.Image:
    """A drawing without words: what the local engine has for a picture."""
    palette = brand_palette(spec) or (NIGHT if _is_night(spec) else DAY)
    return Image.fromarray(drawing(spec.width, spec.height, palette=palette, seed=spec.seed))


def _brand(spec: CardSpec) -> Image.Image:
    return look_brand.draw(_page(spec, night=False), spec, family=_family(spec))


LOOKS: dict[str, Callable[[CardSpec], Image.Image | None]] = {
    "title": _title, "quote": _quote, "list": _list, "photo": _photo, "split": _split, "chart": _chart,
    "art": _art, "brand": _brand,
}  # fmt: skip


def brand_palette(spec: CardSpec) -> Palette | None:
    """The palette of the spec's own colours, None when it names none."""
    if not (spec.paper and spec.ink and spec.accent):
        return None
    return Palette.of(paper=colour_of(spec.paper), ink=colour_of(spec.ink), accent=colour_of(spec.accent))


def _family(spec: CardSpec, *, standard: str = STANDARD_FAMILY) -> str:
    return family_for(f"{spec.heading} {spec.text}", family=spec.font or standard)


def _is_night(spec: CardSpec) -> bool:
    return bool(hashlib.sha256(f"{spec.seed}/night".encode()).digest()[0] % 2)


def choose(spec: CardSpec) -> tuple[Composition, Palette]:
    """What to draw and in which light. Scenes that share a seed take the compositions in turn."""
    pick = int.from_bytes(hashlib.sha256(spec.seed.encode()).digest()[:4]) + spec.number
    composition = COMPOSITIONS[pick % len(COMPOSITIONS)]
    own = brand_palette(spec)
    return composition, own or composition.palettes[pick // 7 % len(composition.palettes)]


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


def _set_words(words: str, *, box: WordBox, unit: float, spec: CardSpec) -> Block:
    largest = box.largest * (ONE_WORD if len(words) <= 12 else 1)
    sizes = [largest * 0.93**step for step in range(16)]
    family = family_for(words, family=spec.font or STANDARD_FAMILY)
    styles = [
        Style(size=max(8, round(size * unit)), weight=700, leading=0.9, family=family, language=spec.language)
        for size in sizes
    ]
    return fit_text(words, styles=styles, width=box.right - box.left, height=box.bottom - box.top)


def _draw_number(image: Image.Image, number: int, *, at: Point, canvas: Canvas) -> None:
    style = Style(size=max(8, round(3.6 * canvas.unit)), weight=700)
    line = line_of(str(number), style=style)
    start = (at[0] - line.width / 2, at[1] + style.size * 0.36)
    draw_line(image, line, style=style, at=start, fill=canvas.palette.ink)
