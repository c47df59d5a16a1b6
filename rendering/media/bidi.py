"""Right-to-left order: the implicit part of the Unicode Bidirectional Algorithm (UAX 9).

Pillow's raqm reorders within one font; a caption mixes fonts, so the order of runs is found here first.
Explicit embeddings and isolates are ignored: people do not type them. Rule names are the annex's.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

NEUTRAL = frozenset({"B", "S", "WS", "ON"})
INVISIBLE = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"})


def base_level(text: str) -> int:
    """0 for a left-to-right paragraph, 1 for right-to-left: its first strong letter decides (P2, P3)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"L", "R", "AL"}:
            return int(kind != "L")
    return 0


def levels(text: str, *, base: int) -> list[int]:
    """The embedding level of each character of one line; odd ones run right to left."""
    kinds = [unicodedata.bidirectional(char) or "L" for char in text]
    edge = "R" if base else "L"
    kinds = _weak(kinds, edge)
    kinds = _neutral(kinds, edge)
    found = [_implicit(kind, base) for kind in kinds]
    for place in range(len(text) - 1, -1, -1):
        if not text[place].isspace():
            break
        found[place] = base
    return found


def visual_order(run_levels: list[int]) -> list[int]:
    """Indices of runs from left to right (L2)."""
    order = list(range(len(run_levels)))
    odd = [level for level in run_levels if level % 2]
    for level in range(max(run_levels, default=0), min(odd, default=1) - 1, -1):
        _reverse_at(order, run_levels, level)
    return order


def _reverse_at(order: list[int], run_levels: list[int], level: int) -> None:
    start = 0
    for high, group in groupby(list(order), key=lambda index: run_levels[index] >= level):
        length = len(list(group))
        if high:
            order[start : start + length] = order[start : start + length][::-1]
        start += length


def _weak(kinds: list[str], edge: str) -> list[str]:
    """W1 to W7: marks join their letter, numbers learn which script they stand in."""
    result: list[str] = []
    strong = edge
    for kind in kinds:
        current = kind
        if kind in INVISIBLE or kind == "NSM":
            current = result[-1] if result else edge
        elif kind in {"L", "R", "AL"}:
            strong = kind
        elif kind == "EN" and strong == "AL":
            current = "AN"
        result.append(current)
    result = ["R" if kind == "AL" else kind for kind in _separators(result)]
    return _numbers_in_latin(result, edge)


def _separators(kinds: list[str]) -> list[str]:
    """W4 to W6: "1.5" is one number, "%" belongs to the number beside it, other separators are neutral."""
    result = list(kinds)
    for place in range(1, len(result) - 1):
        before, after = result[place - 1], kinds[place + 1]
        if before == after and (kinds[place] == "CS" and before in {"EN", "AN"}):
            result[place] = before
        elif before == after == "EN" and kinds[place] == "ES":
            result[place] = "EN"
    for start, end in _spans(result, {"ET"}):
        touches = "EN" in (result[start - 1 : start] + result[end : end + 1])
        result[start:end] = ["EN" if touches else "ON"] * (end - start)
    return ["ON" if kind in {"ES", "CS"} else kind for kind in result]


def _numbers_in_latin(kinds: list[str], edge: str) -> list[str]:
    """W7: a number after Latin letters runs with them."""
    strong = edge
    result = []
    for kind in kinds:
        if kind in {"L", "R"}:
            strong = kind
        result.append("L" if kind == "EN" and strong == "L" else kind)
    return result


def _neutral(kinds: list[str], edge: str) -> list[str]:
    """N1 and N2: spaces and punctuation go with equal neighbours, else with the paragraph."""
    result = list(kinds)
    for start, end in _spans(result, NEUTRAL):
        before = _direction(result[start - 1]) if start else edge
        after = _direction(result[end]) if end < len(result) else edge
        result[start:end] = [before if before == after else edge] * (end - start)
    return result


def _direction(kind: str) -> str:
    return "R" if kind in {"R", "EN", "AN"} else "L"


def _spans(kinds: list[str], wanted: frozenset[str] | set[str]) -> list[tuple[int, int]]:
    spans = []
    start = 0
    for inside, group in groupby(kinds, key=lambda kind: kind in wanted):
        length = len(list(group))
        if inside:
            spans.append((start, start + length))
        start += length
    return spans


def _implicit(kind: str, base: int) -> int:
    """I1 and I2."""
    if base % 2 == 0:
        return base + {"R": 1, "AN": 2, "EN": 2}.get(kind, 0)
    return base + (kind != "R")
