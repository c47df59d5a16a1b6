"""Scales of charts drawn on the server: round steps, few lines. No markup."""

from __future__ import annotations

import math

_MOST_LINES = 4


def scale(most: float, *, is_whole: bool) -> tuple[float, float]:
    """A round step of the grid, and the top of it: at most four lines, all at round numbers."""
    most = max(most, 1 if is_whole else 0.01)
    power = 10.0 ** math.floor(math.log10(most / _MOST_LINES))
    step = next(power * times for times in (1, 2, 5, 10) if most <= power * times * _MOST_LINES)
    step = max(step, 1) if is_whole else step
    return step, step * math.ceil(round(most / step, 6))
