"""The logo of a brand: the same small picture on every frame, in an upper corner."""

from __future__ import annotations

from PIL import Image

from rendering.media.errors import MediaError
from rendering.media.overlay import Overlay, even

TALLEST, WIDEST = 0.065, 0.24  # of the short side
MARGIN = 0.045
# Telephones lay their own marks over the top of an upright video.
UPRIGHT_TOP = 0.042  # of the height
OPACITY = 0.92


def logo_overlay(path: str, *, corner: str, width: int, height: int) -> Overlay:
    """The logo for frames of this size; `corner` is top-left or top-right. Raises image-broken."""
    try:
        with Image.open(path) as file:
            image = file.convert("RGBA")
    except OSError as error:
        raise MediaError("image-broken", "The logo cannot be read.") from error
    short = min(width, height)
    scale = min(TALLEST * short / image.height, WIDEST * short / image.width)
    image = image.resize((even(image.width * scale), even(image.height * scale)), Image.Resampling.LANCZOS)
    image.putalpha(image.getchannel("A").point(lambda value: round(value * OPACITY)))
    margin = even(MARGIN * short)
    top = even(max(MARGIN * short, UPRIGHT_TOP * height)) if height > width else margin
    left = margin if corner == "top-left" else width - margin - image.width
    return Overlay.of(image, x=left, y=top)
