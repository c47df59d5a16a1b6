"""Which sounds belong to which word, when a voice says a sentence as one row of phonemes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise

GAP = 0.8
_VOWELS = frozenset("aeiouyæɐɑɒɔəɚɛɜɝɪʊʌᵻ")


def first_sounds(words: Sequence[Sequence[str]], heard: Sequence[str]) -> list[tuple[int, int] | None]:
    """For each word, spelled in the phonemes it has when said alone, its [first, end) among those heard.

    A voice joins words ("of the"), drops sounds and stresses others in a sentence, so the two rows are
    aligned with the least changes (Needleman and Wunsch, https://doi.org/10.1016/0022-2836(70)90057-4). None
    for a word without a sound of its own.
    """
    alone = list(chain.from_iterable(words))
    partners = _aligned(alone, heard)
    edges = [0, *accumulate(len(word) for word in words)]
    spans: list[tuple[int, int] | None] = []
    for left, right in pairwise(edges):
        own = [partner for partner in partners[left:right] if partner is not None]
        spans.append((own[0], own[-1] + 1) if own else None)
    return spans


def _aligned(alone: Sequence[str], heard: Sequence[str]) -> list[int | None]:
    """For each sound said alone, the place of its partner among those heard."""
    costs = _costs(alone, heard)
    partners: list[int | None] = [None] * len(alone)
    i, j = len(alone), len(heard)
    while i and j:
        here = costs[i][j]
        if here == costs[i - 1][j - 1] + _difference(alone[i - 1], heard[j - 1]):
            i, j = i - 1, j - 1
            partners[i] = j
        elif here == costs[i - 1][j] + GAP:
            i -= 1
        else:
            j -= 1
    return partners


def _costs(alone: Sequence[str], heard: Sequence[str]) -> list[list[float]]:
    costs = [[GAP * j for j in range(len(heard) + 1)]]
    for i, sound in enumerate(alone, start=1):
        above, row = costs[-1], [GAP * i]
        for j, other in enumerate(heard, start=1):
            row.append(min(above[j - 1] + _difference(sound, other), above[j] + GAP, row[j - 1] + GAP))
        costs.append(row)
    return costs


def _difference(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.5 if one in _VOWELS and other in _VOWELS else 1.2
