"""Geometry of the drawings on the pages: the leader dial and the strip. Plain numbers, no markup."""

from __future__ import annotations

from dataclasses import dataclass

_TICK_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_MOST_TICKS = 10


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
