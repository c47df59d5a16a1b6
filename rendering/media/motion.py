"""Where the camera stands at each frame of a scene."""

from __future__ import annotations

import math
from typing import NamedTuple

# The closest the camera comes, and how close it stands while it pans. No simple fraction: warp.py draws a
# pan fast when its scale is far from all of them.
REACH = 1.118
EASING = 0.6  # 0 keeps one speed, 1 starts and ends at rest
QUICK = 0.5
PANS = {"pan-left": (-1, 0), "pan-right": (1, 0), "pan-up": (0, -1), "pan-down": (0, 1)}
MOTIONS = ("none", "zoom-in", "zoom-out", *PANS)


class View(NamedTuple):
    """The part of the still on screen: magnification (1 shows all), centre as shares of width and height."""

    zoom: float
    x: float
    y: float


def view_at(motion: str, *, frame: int, scene_frames: int) -> View:
    """The view at a frame counted from the scene's first, the same whichever segment asks.

    Frames past either end stay at that end. Unknown motions stand still.
    """
    progress = _eased(frame / max(1, scene_frames - 1))
    if motion == "zoom-in":
        return View(REACH**progress, 0.5, 0.5)
    if motion == "zoom-out":
        return View(REACH ** (1 - progress), 0.5, 0.5)
    if motion in PANS:
        across, down = PANS[motion]
        slack = (1 - 1 / REACH) / 2
        travel = (2 * progress - 1) * slack
        return View(REACH, 0.5 + across * travel, 0.5 + down * travel)
    return View(1.0, 0.5, 0.5)


def is_quick_pan(motion: str, *, scene_frames: int, width: int, height: int) -> bool:
    """Whether the camera pans by QUICK pixels a frame or more: too fast to see parts of a pixel."""
    if motion not in PANS:
        return False
    across, down = PANS[motion]
    return (abs(across) * width + abs(down) * height) * (REACH - 1) >= QUICK * scene_frames


def _eased(share: float) -> float:
    """Slower at both ends but never at rest, so that no scene opens on a frozen picture."""
    even = min(1.0, max(0.0, share))
    return even + EASING * ((1 - math.cos(math.pi * even)) / 2 - even)
