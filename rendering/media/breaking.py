"""Where a line of text may break, and breaking it into lines of equal length."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from rendering.media.clusters import clusters

# JIS X 4051 in short: marks that may not open a line, and brackets that may not close one.
NEVER_FIRST = frozenset(
    "、。，．・：；？！」』）】〉》〕｝…‥ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ!?),.:;]}%°»”’"
)
NEVER_LAST = frozenset("「『（【〈《〔｛([{«“‘")
# Thai and Lao write no spaces between words, but a syllable begins at a vowel written before its consonant.
LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
NO_BREAK_SPACES = frozenset("\u00a0\u202f\u2060")
SEARCH_STEPS = 8

Measure = Callable[[str], float]


def pieces(text: str) -> list[str]:
    """Split one paragraph into pieces that must stay whole; each keeps the spaces that follow it."""
    parts: list[str] = []
    previous = ""
    for cluster in clusters(text):
        if previous and may_break(previous, cluster):
            parts.append(cluster)
        elif parts:
            parts[-1] += cluster
        else:
            parts.append(cluster)
        previous = cluster
    return parts


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two neighbouring clusters."""
    if after.isspace() or before in NO_BREAK_SPACES or after[0] in NEVER_FIRST or before in NEVER_LAST:
        return False
    if before.isspace() or before in {"—", "\u200b"}:
        return True
    if after in LEADING_VOWELS:
        return before not in LEADING_VOWELS
    return _is_ideographic(before) or _is_ideographic(after)


def wrap(text: str, *, width: float, measure: Measure) -> list[str]:
    """Break into the fewest lines no wider than `width`, then even their lengths. Newlines are kept.

    A word wider than the line is broken between clusters rather than cut off.
    """
    lines: list[str] = []
    for paragraph in text.splitlines():
        if paragraph.strip():
            lines += _balanced(_short_enough(pieces(paragraph.strip()), width, measure), width, measure)
    return lines


def _short_enough(parts: list[str], width: float, measure: Measure) -> list[str]:
    short: list[str] = []
    for part in parts:
        short += [part] if measure(part.rstrip()) <= width else clusters(part)
    return short


def _balanced(parts: list[str], width: float, measure: Measure) -> list[str]:
    full = [measure(part) for part in parts]
    bare = [measure(part.rstrip()) for part in parts]
    count = len(_filled(full, bare, width))
    low, high = max(width / 3, *bare), width
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        if len(_filled(full, bare, middle)) > count:
            low = middle
        else:
            high = middle
    edges = _filled(full, bare, high)
    return ["".join(parts[start:end]).strip() for start, end in edges]


def _filled(full: Sequence[float], bare: Sequence[float], width: float) -> list[tuple[int, int]]:
    """Fill lines greedily; return the (first, past the last) piece of each."""
    edges = []
    start, used = 0, 0.0
    for place, piece in enumerate(full):
        if place > start and used + bare[place] > width:
            edges.append((start, place))
            start, used = place, 0.0
        used += piece
    edges.append((start, len(full)))
    return edges


def _is_ideographic(cluster: str) -> bool:
    """Chinese and Japanese break anywhere; Korean, though wide, breaks at its spaces."""
    first = cluster[0]
    return unicodedata.east_asian_width(first) in {"W", "F"} and not "\u1100" <= first <= "\u11ff" and not (
        "\uac00" <= first <= "\ud7a3"
    )  # fmt: skip
