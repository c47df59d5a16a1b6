"""Whether a brand's colours can be read, and the nearest ones that can."""

from __future__ import annotations

import re
from typing import NamedTuple

from rendering.media.contrast import Colour, contrast

NAMES = ("paper", "ink", "accent")
# WCAG 2.2: 1.4.3 for words, 1.4.11 for marks and bars.
_READABLE, _VISIBLE = 4.5, 3.0
_HEXADECIMAL = re.compile(r"#[0-9a-f]{6}")
_STEPS = 40


class _Rule(NamedTuple):
    name: str
    least: float
    why: str


_RULES = (_Rule("ink", _READABLE, "to read words"), _Rule("accent", _VISIBLE, "to see marks and bars"))


def problems(*, paper: str, ink: str, accent: str) -> list[dict[str, str]]:
    """What is wrong with three colours written "#rrggbb"; none of them is fine, too."""
    given = {"paper": paper, "ink": ink, "accent": accent}
    if not any(given.values()):
        return []
    missing = [name for name, value in given.items() if not value]
    if missing:
        return [_problem(name, "incomplete", "Choose all three colours, or none.") for name in missing]
    broken = [name for name, value in given.items() if not _HEXADECIMAL.fullmatch(value)]
    if broken:
        return [_problem(name, "invalid", "Write the colour as #rrggbb, as in #1b1916.") for name in broken]
    return [_too_close(rule, given) for rule in _RULES if _contrast(given[rule.name], paper) < rule.least]


def readable(colour: str, *, on: str, least: float) -> str:
    """The colour nearest to this one with a contrast of `least` on another; towards black or white."""
    ground, start = _colour(on), _colour(colour)
    # Whichever of black and white stands out more is reached in the end.
    goal = max(((0, 0, 0), (255, 255, 255)), key=lambda end: contrast(end, ground))
    for step in range(_STEPS + 1):
        mixed = [round(a + (b - a) * step / _STEPS) for a, b in zip(start, goal, strict=True)]
        if contrast((mixed[0], mixed[1], mixed[2]), ground) >= least:
            break
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _too_close(rule: _Rule, given: dict[str, str]) -> dict[str, str]:
    found = _contrast(given[rule.name], given["paper"])
    better = readable(given[rule.name], on=given["paper"], least=rule.least)
    detail = (
        f"This {rule.name} on this paper has a contrast of {found:.1f} to 1; {rule.least:g} is needed "
        f"{rule.why}. {better} would do."
    )
    return _problem(rule.name, "contrast", detail)


def _problem(field: str, code: str, detail: str) -> dict[str, str]:
    return {"field": field, "code": code, "detail": detail}


def _contrast(one: str, other: str) -> float:
    return contrast(_colour(one), _colour(other))


def _colour(hexadecimal: str) -> Colour:
    return (int(hexadecimal[1:3], 16), int(hexadecimal[3:5], 16), int(hexadecimal[5:7], 16))
