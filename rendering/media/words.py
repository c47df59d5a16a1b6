"""Words of a narration, as they are said and as they are shown.

A word keeps the white space after it, so that joining words gives the text back in every script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TypedDict

from rendering.media.breaking import pieces

_WORD = re.compile(r"\A\s*\S+\s*|\S+\s*")
_MARKUP = re.compile(r"[*_`#~<>\[\]{}|\\^]")
# Symbols, and what is not a character of any language.
_SILENT = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cf"})
LONGEST = 60  # a "word" of more letters is none, and would fill a caption
_JOINERS = frozenset("\u200c\u200d")  # they shape letters in Persian and Hindi


class Word(TypedDict):
    """One word with the milliseconds, from the start of the audio, between which it is heard."""

    text: str
    start_ms: int
    end_ms: int


def split(text: str) -> list[str]:
    """The words of a text, each with the space that follows it; its syllables where no spaces are written."""
    return [piece for word in _WORD.findall(text) for piece in _pieces(word)]


def is_speakable(text: str) -> bool:
    """Is there a letter or digit to say?"""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def spoken(text: str) -> str:
    """The text as it is given to a voice: markup and pictures become spaces, so positions stay the same."""
    plain = _MARKUP.sub(" ", text)
    return "".join(" " if _is_silent(char) else char for char in plain)


def share(start: int, end: int, weights: Sequence[int]) -> list[tuple[int, int]]:
    """Cut a span into neighbours in proportion to `weights`."""
    total = max(1, sum(weights))
    edges = [start + (end - start) * part // total for part in accumulate(weights, initial=0)]
    return list(pairwise(edges))


def _pieces(word: str) -> list[str]:
    parts = [word] if word.isascii() else pieces(word)
    return [part[at : at + LONGEST] for part in parts for at in range(0, len(part), LONGEST)]


def _is_silent(char: str) -> bool:
    return unicodedata.category(char) in _SILENT and char not in _JOINERS
