"""The cards before and after a video: the brand's logo, its title, a line of text."""

from __future__ import annotations

import numpy as np
from PIL import Image

from rendering.media.errors import MediaError
from rendering.media.page import Box, Page, Setting
from rendering.media.specs import CardSpec

LOGO_HEIGHT, LOGO_WIDTH = 17.0, 46.0  # units
GAP = 5.5


def draw(page: Page, spec: CardSpec, *, family: str) -> Image.Image:
    """Everything centred, a band of the accent along the foot."""
    unit, tone = page.unit, page.tone
    _ground(page)
    logo = _logo(spec.picture_path, unit) if spec.picture_path else None
    middle = Box(page.width * 0.12, page.height * 0.14, page.width * 0.88, page.height * 0.84)
    title = page.fit(
        spec.heading, Setting(12.5, family=family), width=middle.width, height=middle.height * 0.5
    )
    text = page.fit(spec.text, Setting(5.4, weight=500, family=family), width=middle.width, height=14 * unit)
    logo_room = logo.height + GAP * unit if logo else 0.0
    whole = logo_room + title.height + (2.5 * unit + text.height if spec.text else 0.0)
    top = middle.top + max(0.0, middle.height - whole) / 2
    if logo:
        _paste(page, logo, top=top)
    end = page.put(title, middle, top=top + logo_room, align="centre")
    if spec.text:
        page.put(text, middle, top=end + 2.5 * unit, fill=tone.second, align="centre")
    return page.finish()


def _ground(page: Page) -> None:
    unit, tone = page.unit, page.tone
    band = 2.2 * unit
    page.rings(tone.well, tone.paper, tone.well)
    page.canvas.rectangle((0, page.height - band), (page.width, page.height), tone.pencil)


def _logo(path: str, unit: float) -> Image.Image:
    try:
        with Image.open(path) as file:
            image = file.convert("RGBA")
    except OSError as error:
        raise MediaError("image-broken", "The logo cannot be read.") from error
    scale = min(LOGO_HEIGHT * unit / image.height, LOGO_WIDTH * unit / image.width)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _paste(page: Page, logo: Image.Image, *, top: float) -> None:
    """Centred, and the right way round on a mirrored page."""
    left, top = (page.width - logo.width) // 2, round(top)
    pixels = np.asarray(logo).astype(np.float32)
    if page.is_mirrored:
        pixels = pixels[:, ::-1]
        left = page.width - left - logo.width
    part = page.canvas.pixels[top : top + logo.height, left : left + logo.width]
    share = pixels[..., 3:] / 255
    part[:] = np.rint(part * (1 - share) + pixels[..., :3] * share).astype(np.uint8)
