"""The look of figures: bars that compare, a ring for one share, or one large number."""

from __future__ import annotations

from PIL import Image

from rendering.media.page import Box, Page, Setting
from rendering.media.shapes import Figure, figures_in
from rendering.media.specs import CardSpec

HIGHEST_BAR, LABEL_SHARE, VALUE_ROOM = 13.5, 0.3, 21.0


def draw(page: Page, spec: CardSpec, *, family: str) -> Image.Image | None:
    """The figures of the text below its words; None when it has none."""
    figures = figures_in(spec.text)
    if not figures:
        return None
    words = spec.heading or spec.text
    if page.is_tall:
        page.rings(page.tone.well, page.tone.rule, page.tone.well)
    if len(figures) == 1:
        _single(page, words, figures[0], family=family)
    else:
        box = _words_above(page, words, family=family)
        _bars(page, figures, box, family=family)
    return page.finish()


def _words_above(page: Page, words: str, *, family: str) -> Box:
    """Set the words; the room below them."""
    room, unit = page.room, page.unit
    setting = Setting(7.6 if page.is_wide else 8.2, family=family)
    share = 0.34 if page.is_wide else 0.38
    block = page.fit(words, setting, width=room.width, height=room.height * share)
    end = page.put(block, room, top=room.top)
    return room.with_(top=end + 4 * unit)


def _bars(page: Page, figures: tuple[Figure, ...], box: Box, *, family: str) -> None:
    """One bar a figure, the largest marked, the value behind it, its label before it."""
    unit = page.unit
    pitch = min(HIGHEST_BAR * unit * (1.5 if page.is_tall else 1), box.height / len(figures))
    has_labels = any(figure.label for figure in figures)
    edge = box.left + box.width * LABEL_SHARE * has_labels
    small, large = Setting(5.0, weight=600, family=family, leading=0.86), Setting(6.2, family=family)
    column = box.with_(right=max(box.left + unit, edge - 2 * unit))
    labels = page.fit_alike([f.label for f in figures], small, width=column.width, height=pitch * 0.94)
    values = page.fit_alike([f.shown for f in figures], large, width=VALUE_ROOM * unit, height=pitch)
    longest = max(abs(figure.value) for figure in figures) or 1.0
    reach = box.right - edge - max(block.width for block in values) - 3 * unit
    foot = box.top + pitch * len(figures)
    page.canvas.rectangle((edge - 0.25 * unit, box.top), (edge + 0.05 * unit, foot), page.tone.edge)
    for place, figure in enumerate(figures):
        middle = box.top + (place + 0.5) * pitch
        end = edge + max(0.6 * unit, reach * abs(figure.value) / longest)
        half = min(0.36 * pitch, 4.6 * unit)
        colour = page.tone.pencil if abs(figure.value) == longest else page.tone.second
        page.canvas.rectangle((edge, middle - half), (end, middle + half), colour)
        behind = Box(end + 2 * unit, 0, box.right, 0)
        page.put(values[place], behind, top=middle - values[place].height / 2)
        page.put(labels[place], column, top=middle - labels[place].height / 2, fill=page.tone.second)


def _single(page: Page, words: str, figure: Figure, *, family: str) -> None:
    """A ring for a share, beside or above the words; any other number is set as large as it fits."""
    room, unit = page.room, page.unit
    if page.is_wide:
        box, column = (
            room.with_(right=room.left + room.width * 0.42),
            room.with_(left=room.left + room.width * 0.5),
        )
    else:
        middle = room.top + room.height * 0.52
        box, column = room.with_(bottom=middle), room.with_(top=middle + 5 * unit)
    if figure.is_share and figure.value <= 100:
        _ring(page, figure, box, family=family)
    else:
        block = page.fit(figure.shown, Setting(34.0, family=family), width=box.width, height=box.height)
        page.put(block, box, top=(box.top + box.bottom - block.height) / 2, fill=page.tone.pencil)
    block = page.fit(words, Setting(8.4, family=family), width=column.width, height=column.height)
    spare = max(0.0, column.height - block.height)
    page.put(block, column, top=column.top + spare * (0.5 if page.is_wide else 0.0))


def _ring(page: Page, figure: Figure, box: Box, *, family: str) -> None:
    unit, canvas, tone = page.unit, page.canvas, page.tone
    thick = 6.4
    radius = min(box.width, box.height) / unit / 2 - thick / 2
    centre = (box.left + radius * unit + thick / 2 * unit, (box.top + box.bottom) / 2)
    if not page.is_wide:
        centre = ((box.left + box.right) / 2, centre[1])
    canvas.ring(centre, radius, tone.rule, width=thick)
    share = max(0.0, min(1.0, figure.value / 100))
    if share:
        canvas.path(canvas.arc_points(centre, radius, -90, -90 + 360 * share), tone.pencil, width=thick)
    inside = radius * 1.25 * unit
    block = page.fit(figure.shown, Setting(15.0, family=family), width=inside, height=inside)
    column = Box(centre[0] - inside / 2, 0, centre[0] + inside / 2, 0)
    page.put(block, column, top=centre[1] - block.height / 2, align="centre")
