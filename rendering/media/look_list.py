"""The look of a list: a heading, then numbered rows between fine rules."""

from __future__ import annotations

from PIL import Image

from rendering.media.page import Box, Page, Setting
from rendering.media.shapes import MOST_ITEMS, Items, items_in, sentences
from rendering.media.specs import CardSpec
from rendering.media.text import Block

NUMBER_ROOM = 11.0  # units from the edge of a row to its words
LOWEST_ROW, HIGHEST_ROW = 8.0, 19.0


def draw(page: Page, spec: CardSpec, *, family: str) -> Image.Image:
    """The things a text names, one a row."""
    found = items_in(spec.text) or Items(lead="", items=tuple(sentences(spec.text)[:MOST_ITEMS]) or ("",))
    heading = spec.heading or found.lead
    rows = _heading(page, heading, family=family) if heading else page.room
    _ground(page, rows, has_column=bool(heading) and page.is_wide)
    _rows(page, found.items, rows, family=family)
    return page.finish()


def _heading(page: Page, heading: str, *, family: str) -> Box:
    """Set the heading beside or above the rows; the room that is left for them."""
    unit, room = page.unit, page.room
    if page.is_wide:
        column = room.with_(right=room.left + room.width * 0.34)
        block = page.fit(heading, Setting(9.0, family=family), width=column.width, height=room.height * 0.85)
        top = room.top + 2 * unit
        page.put(block, column, top=top)
        _bar(page, column.left, top + block.height + 2.6 * unit)
        return room.with_(left=room.left + room.width * 0.42)
    block = page.fit(heading, Setting(9.6, family=family), width=room.width, height=room.height * 0.3)
    end = page.put(block, room, top=room.top)
    _bar(page, room.left, end + 2.0 * unit)
    return room.with_(top=end + 5.5 * unit)


def _bar(page: Page, left: float, top: float) -> None:
    page.canvas.rectangle((left, top), (left + 9 * page.unit, top + 0.9 * page.unit), page.tone.pencil)


def _ground(page: Page, rows: Box, *, has_column: bool) -> None:
    """The rows stand on a panel of their own."""
    unit = page.unit
    if has_column:
        corner = (rows.left - 6 * unit, 0.0)
    elif page.is_wide:
        corner = (0.0, page.height * 0.93)
    else:
        corner = (0.0, rows.top - 0.5 * unit) if rows.top > page.room.top else (0.0, page.height * 0.93)
    page.canvas.rectangle(corner, (page.width, page.height), page.tone.well)
    if page.is_tall:
        page.rings(page.tone.rule, page.tone.well, page.tone.rule)


def _rows(page: Page, items: tuple[str, ...], box: Box, *, family: str) -> None:
    unit = page.unit
    pitch = min(HIGHEST_ROW * unit, box.height / len(items))
    column = box.with_(left=box.left + NUMBER_ROOM * unit)
    setting = Setting(6.6 if page.is_wide else 6.8, weight=600, family=family, leading=0.88)
    blocks = page.fit_alike(items, setting, width=column.width, height=pitch * 0.9)
    counted = [str(place + 1) for place in range(len(items))]
    large = Setting(9.5, family=family)
    numbers = page.fit_alike(counted, large, width=NUMBER_ROOM * unit, height=pitch * 0.95)
    top = box.top + max(0.0, box.height - pitch * len(items)) * (0.5 if page.is_wide else 0.0)
    for place, (number, block) in enumerate(zip(numbers, blocks, strict=True)):
        _row(page, number, block, box=box, column=column, middle=top + (place + 0.5) * pitch)
        if place:
            y = top + place * pitch
            page.canvas.rectangle((box.left, y - 0.12 * unit), (box.right, y + 0.12 * unit), page.tone.rule)


def _row(page: Page, number: Block, block: Block, *, box: Box, column: Box, middle: float) -> None:
    page.put(number, box, top=middle - number.height / 2, fill=page.tone.pencil)
    page.put(block, column, top=middle - block.height / 2)
