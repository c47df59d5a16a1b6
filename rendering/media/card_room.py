"""Where a card's words may stand: in view through every motion, and above the captions."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from rendering.media.captions import MAX_LINES, safe_area
from rendering.media.motion import MOTIONS, View, view_at

MARGIN = 0.03  # of the frame, between the words and what a motion may cut off
TALLEST_LINE = 1.6  # of the letters' size, as text.py sets scripts with marks above and below
CAPTION_PADDING = 0.5  # of the letters' size, above and below the lines together


class Room(NamedTuple):
    """A part of the frame, as shares of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


@cache
def room_for_words(width: int, height: int, caption_place: str = "bottom") -> Room:
    """The part that no motion cuts off, less a margin, and that no motion carries under a caption."""
    # Every motion goes one way, so its first and last frame show how far it goes.
    views = [view_at(motion, frame=frame, scene_frames=2) for motion in MOTIONS for frame in (0, 1)]
    area, tallest = safe_area(width, height), _tallest_caption(width, height)
    room = Room(
        left=max(view.x - 0.5 / view.zoom for view in views) + MARGIN,
        top=max(view.y - 0.5 / view.zoom for view in views) + MARGIN,
        right=min(view.x + 0.5 / view.zoom for view in views) - MARGIN,
        bottom=min(view.y + 0.5 / view.zoom for view in views) - MARGIN,
    )
    if caption_place == "top":
        ceiling = area.top + tallest
        return room._replace(top=max(_in_picture(ceiling, view) for view in views))
    floor = 1 - area.bottom - tallest
    return room._replace(bottom=min(_in_picture(floor, view) for view in views))


def _tallest_caption(width: int, height: int) -> float:
    area = safe_area(width, height)
    lines = MAX_LINES if width > height else MAX_LINES + 1
    return (lines * TALLEST_LINE + CAPTION_PADDING) * area.text * min(width, height) / height


def _in_picture(share: float, view: View) -> float:
    return view.y + (share - 0.5) / view.zoom
