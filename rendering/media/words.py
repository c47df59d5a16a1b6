"""Words of a narration, as they are spoken and as they are shown.

A word keeps the white space after it, so that joining words gives the text back in every script.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypedDict

_WORD = re.compile(r"\S+\s*")
_MARKUP = re.compile(r"[*_`#~<>\[\]{}|\\^]")


class Word(TypedDict):
    """One word with the milliseconds, from the start of the audio, between which it is heard."""

    text: str
    start_ms: int
    end_ms: int


def split(text: str) -> list[str]:
    """The words of a text, each with the space that follows it."""
    return _WORD.findall(text)


def is_speakable(text: str) -> bool:
    """Is there a letter or digit to say?"""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def spoken(text: str) -> str:
    """The text as it is given to a voice: markup and pictures become spaces, so positions stay the same."""
    plain = _MARKUP.sub(" ", text)
    return "".join(" " if _is_silent(char) else char for char in plain)


def _is_silent(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Cs", "Co", "Cn", "Sk")
