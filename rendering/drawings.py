"""Geometry of the drawings on the pages: the leader dial and the strip. Plain numbers, no markup."""

from __future__ import annotations

import math
from dataclasses import dataclass

_CENTRE = 60
_RADIUS = 46
_TICK_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_MOST_TICKS = 10


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


@dataclass(frozen=True, kw_only=True)
class Span:
    """A piece of the strip, in percent of its width."""

    x: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark of the ruler over the strip: its place in percent, its time in milliseconds."""

    x: float
    milliseconds: int


def spans(lengths: list[int]) -> list[Span]:
    """One span a scene, as wide as its share of the whole."""
    total = sum(lengths) or 1
    result, start = [], 0
    for length in lengths:
        result.append(Span(x=round(start / total * 100, 2), width=round(length / total * 100, 2)))
        start += length
    return result


def ticks(milliseconds: int) -> list[Tick]:
    """A ruler of at most ten marks at round times; none in the last 3 %, where it would be cut off."""
    fits = (step for step in _TICK_STEPS_SECONDS if milliseconds / 1000 / step <= _MOST_TICKS)
    step = next(fits, _TICK_STEPS_SECONDS[-1]) * 1000
    last = milliseconds * 0.97
    return [
        Tick(x=round(at / milliseconds * 100, 2), milliseconds=at)
        for at in range(0, milliseconds, step)
        if at < last
    ]
