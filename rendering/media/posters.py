"""Samples of the six looks for the docs: `make posters`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from rendering.media.cards import draw_card
from rendering.media.specs import CardSpec

# Heading and words of each look, in as many writing systems as there is room for.
SAMPLES = {
    "title": ("", "A lighthouse at dusk"),
    "quote": ("", "“The sea does not reward those who are too anxious.” — Anne Morrow Lindbergh"),
    "list": ("", "You need three things: fresh water, ground coffee, and a little patience."),
    "photo": ("Am Abend über dem Tal", ""),
    "split": ("रात भर चक्की चलती है", ""),
    "chart": ("", "Wind gives 38%, solar 24%, coal 19% and gas 12% of our power."),
}
SHAPES = ((480, 270), (152, 270), (270, 270))
GAP, PAPER = 8, (255, 255, 255)
QUALITY = 84


def draw_poster(look: str) -> Image.Image:
    """One look in 16:9, 9:16 and 1:1 side by side."""
    heading, text = SAMPLES[look]
    width = sum(shape[0] for shape in SHAPES) + GAP * (len(SHAPES) - 1)
    poster = Image.new("RGB", (width, SHAPES[0][1]), PAPER)
    left = 0
    for size in SHAPES:
        # Drawn at four times the size, as a video would have it, and made smaller.
        spec = CardSpec(
            out_path="", text=text, heading=heading, number=0, width=size[0] * 4, height=size[1] * 4,
            seed=heading or text, look=look,
        )  # fmt: skip
        poster.paste(draw_card(spec).resize(size, Image.Resampling.LANCZOS), (left, 0))
        left += size[0] + GAP
    return poster


def main(folder: Path) -> None:
    """Write one JPEG a look."""
    folder.mkdir(parents=True, exist_ok=True)
    for look in SAMPLES:
        draw_poster(look).save(folder / f"{look}.jpg", quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
