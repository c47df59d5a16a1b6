"""Geometry of the dial of a film leader, for pages of every app. Plain numbers, no markup."""

from __future__ import annotations

import math
from dataclasses import dataclass

_CENTRE = 60
_RADIUS = 46


@dataclass(frozen=True, kw_only=True)
class Leader:
    """Paths of a film leader's dial in a 120 x 120 box: the swept sector and its arc."""

    percent: int
    sweep: str
    arc: str


def leader(percent: int) -> Leader:
    """The dial at `percent`, clockwise from the top; a full circle is drawn as two halves."""
    if percent >= 100:
        ring = f"M60 14A{_RADIUS} {_RADIUS} 0 1 1 59.9 14"
        return Leader(percent=100, sweep=f"{ring}z", arc=ring)
    angle = 2 * math.pi * max(percent, 0) / 100
    x, y = _CENTRE + _RADIUS * math.sin(angle), _CENTRE - _RADIUS * math.cos(angle)
    arc = f"A{_RADIUS} {_RADIUS} 0 {int(percent > 50)} 1 {x:.1f} {y:.1f}"
    return Leader(percent=max(percent, 0), sweep=f"M60 60V14{arc}z", arc=f"M60 14{arc}")
