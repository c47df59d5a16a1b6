"""Which look a scene has and which words it shows. Pure functions of the scene; nothing is drawn here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rendering.choices import Look
from rendering.media.shapes import figures_in, is_comparable, items_in, quote_in

# These show a picture: the uploaded one, or what the image provider makes.
PICTURED = frozenset({Look.PHOTO, Look.SPLIT})
# These set the narration itself: a quotation, its items, its figures.
SPEAKING = frozenset({Look.QUOTE, Look.LIST, Look.CHART})


def look_of(scene: Mapping[str, Any], *, wanted: str, makes_pictures: bool) -> Look:
    """The look of a scene whose own or whose project's choice is `wanted`; never auto.

    Auto shows an uploaded picture as it is, a quotation, figures or a list as what they are, and else a title
    or a split card. It follows from the scene's words alone, so that moving a scene moves no pixels.
    `makes_pictures` tells whether the image provider paints what a prompt says; then that is shown.
    """
    if wanted != Look.AUTO:
        return Look(wanted)
    if scene["asset"]:
        return Look.PHOTO
    shape = _shape(scene["narration"])
    if shape is not None:
        return shape
    if makes_pictures:
        return Look.PHOTO
    words = scene["heading"] or scene["image_prompt"] or scene["narration"]
    return Look.SPLIT if hashlib.sha256(words.encode()).digest()[0] % 3 == 0 else Look.TITLE


def words_of(scene: Mapping[str, Any], *, look: Look, makes_pictures: bool) -> str:
    """The words a card sets beside the scene's heading; "" for a picture that stands for itself."""
    if look in SPEAKING:
        return str(scene["narration"] or scene["image_prompt"])
    if scene["heading"] or (look == Look.PHOTO and (scene["asset"] or makes_pictures)):
        return ""
    return str(scene["image_prompt"] or scene["narration"])


def _shape(narration: str) -> Look | None:
    if quote_in(narration):
        return Look.QUOTE
    if is_comparable(figures_in(narration)):
        return Look.CHART
    return Look.LIST if items_in(narration) else None
