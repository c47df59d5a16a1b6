"""The look of a quotation: large marks, a book's letters, the name below a short rule."""

from __future__ import annotations

from PIL import Image

from rendering.media.page import Box, Page, Setting
from rendering.media.shapes import Quote, quote_in
from rendering.media.specs import CardSpec

MARK, SMALL_MARK = 22.0, 13.0  # units, the height of the quotation marks
NAME_GAP, NAME_ROOM = 3.4, 6.5


def draw(page: Page, spec: CardSpec, *, family: str) -> Image.Image:
    """The quotation of the text, or the whole text as one."""
    quote = quote_in(spec.text) or Quote(words=spec.text, by=spec.heading)
    unit, room = page.unit, page.room
    page.rings(page.tone.well, page.tone.rule, page.tone.well)
    box = _box(page, has_name=bool(quote.by))
    setting = Setting(largest=10.5 if page.is_wide else 9.6, weight=600, family=family, leading=0.96)
    block = page.fit(quote.words, setting, width=box.width, height=box.height)
    whole = block.height + (NAME_GAP + NAME_ROOM) * unit * bool(quote.by)
    top = box.top + max(0.0, room.bottom - box.top - whole) * (0.4 if page.is_wide else 0.25)
    _mark(page, top=top, left=box.left)
    end = page.put(block, box, top=top)
    if quote.by:
        _name(page, quote.by, top=end + NAME_GAP * unit, box=box)
    return page.finish()


def _box(page: Page, *, has_name: bool) -> Box:
    unit, room = page.unit, page.room
    lowest = room.bottom - (NAME_GAP + NAME_ROOM) * unit * has_name
    if page.is_wide:
        return Box(room.left + 31 * unit, room.top + 3 * unit, room.right - 4 * unit, lowest)
    return Box(room.left, room.top + (_mark_size(page) + 3) * unit, room.right, lowest)


def _mark_size(page: Page) -> float:
    """A square has no room to spare."""
    return MARK if page.is_wide or page.is_tall else SMALL_MARK


def _mark(page: Page, *, top: float, left: float) -> None:
    """Two raised commas, drawn rather than set so that they look the same for every script."""
    unit = page.unit
    size = _mark_size(page) * unit
    at_left = page.room.left if page.is_wide else left
    at_top = top + 1.5 * unit if page.is_wide else top - size - 2 * unit
    for place in (0.0, 0.56):
        _comma(page, at_left + place * size, at_top, size * 0.46)


def _comma(page: Page, left: float, top: float, size: float) -> None:
    """A round head with a tail that rises to the right."""
    canvas, colour = page.canvas, page.tone.pencil
    radius = size / 2
    centre = (left + radius, top + size * 1.05)
    canvas.disc(centre, radius / page.unit, colour)
    outer = canvas.arc_points((left + size * 1.02, top + size * 1.02), size * 1.02 / page.unit, 180, 270)
    inner = canvas.arc_points((left + size * 1.02, top + size * 1.02), size * 0.62 / page.unit, 270, 180)
    canvas.polygon([*outer, *inner], colour)


def _name(page: Page, name: str, *, top: float, box: Box) -> None:
    unit = page.unit
    page.canvas.rectangle(
        (box.left, top + 2.6 * unit), (box.left + 6 * unit, top + 3.3 * unit), page.tone.pencil
    )
    beside = box.with_(left=box.left + 8.5 * unit)
    setting = Setting(largest=4.6, weight=600, leading=0.9)
    block = page.fit(name, setting, width=beside.width, height=NAME_ROOM * unit)
    page.put(block, beside, top=top + 2.95 * unit - block.line_height / 2, fill=page.tone.second)
