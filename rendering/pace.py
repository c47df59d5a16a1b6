"""How slowly text may be said: milliseconds for each kind of character, a little above what voices need.

The numbers were measured over all voices; tests/rendering/media/test_narration.py compares them with speech.
"""

from __future__ import annotations

import re
import unicodedata

from rendering.media.words import spoken
from rendering.media.writing import LATIN, can_read, script_of, spoken_language

# Of letters that the voice reads; Latin stands for every script of letters and short vowels.
_LETTER = {LATIN: 115, "CJK": 420, "KANA": 240, "HANGUL": 230, "THAI": 190, "ETHIOPIC": 260, "ARABIC": 140}
_OTHER_LETTER = 150
# Letters of a script that the voice cannot read are named, some by the digits of their number.
_FOREIGN = {
    "CYRILLIC": 1500,
    "GREEK": 800,
    "HANGUL": 800,
    "CJK": 1800,
    "KANA": 1800,
    "ARABIC": 1500,
    "HEBREW": 1500,
    "DEVANAGARI": 600,
    "TAMIL": 600,
    "GEORGIAN": 600,
    "BENGALI": 1000,
}
_OTHER_FOREIGN = 3500
# An accented letter may be named with its accents where the language does not have it.
_ACCENTED, _SPELLED = 1600, 520
_VIETNAMESE = 200
_DIGIT = 1000
_SLOW_DIGITS = {"lt": 1400, "fi": 1250}
_SPOKEN_SIGN, _PAUSE, _NEW_LINE, _SPACE = 1300, 450, 500, 30
_SIGNS = frozenset("%&@#/‰§¶")

_RUN = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_SHORT = 4  # an all-capital word up to this length may be an abbreviation


def spoken_ms(text: str, *, language: str) -> int:
    """Milliseconds that saying `text` in a project of `language` takes at most."""
    said = spoken(text)
    voice = spoken_language(text, language=language)
    spelled = {at for run in _RUN.finditer(said) if _is_spelled(run[0]) for at in range(*run.span())}
    # The Japanese voice spells every Latin word.
    is_spelling = voice.split("-", maxsplit=1)[0] == "ja"
    return sum(_cost(char, voice, is_spelled=is_spelling or at in spelled) for at, char in enumerate(said))


def _is_spelled(word: str) -> bool:
    plain = unicodedata.normalize("NFKD", word)
    return len(word) == 1 or (word.isupper() and len(word) <= _SHORT) or not _VOWEL.search(plain)


def _cost(char: str, voice: str, *, is_spelled: bool) -> int:
    if script := script_of(char):
        if script == LATIN and not char.isascii():
            return _accented_cost(char, voice)
        return _letter_cost(script, voice, is_spelled=is_spelled)
    if char.isspace():
        return _NEW_LINE if char in "\n\r\u2028\u2029" else _SPACE
    kind = unicodedata.category(char)
    if kind[0] == "N":
        return _SLOW_DIGITS.get(voice.split("-", maxsplit=1)[0], _DIGIT)
    return _SPOKEN_SIGN if kind[0] == "S" or char in _SIGNS else _PAUSE


def _accented_cost(char: str, voice: str) -> int:
    if voice.split("-", maxsplit=1)[0] == "vi":
        return _VIETNAMESE
    return _SPELLED if char < "\u0180" else _ACCENTED


def _letter_cost(script: str, voice: str, *, is_spelled: bool) -> int:
    if not can_read(voice, script):
        return _FOREIGN.get(script, _OTHER_FOREIGN)
    if script == LATIN and is_spelled:
        return _SPELLED
    return _LETTER.get(script, _OTHER_LETTER)
