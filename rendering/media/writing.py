"""Which writing system a text is in, and which language says it. No voice is loaded for that."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache

LATIN = "LATIN"

# Unicode character names begin with their script; these are the scripts that a voice can read, and whose.
_VOICES = {
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "CJK": "zh",
    "KANA": "ja",
    "HANGUL": "ko",
    "DEVANAGARI": "hi",
    "THAI": "th",
    "BENGALI": "bn",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "MYANMAR": "my",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "ETHIOPIC": "am",
    "CHEROKEE": "chr",
}
# More languages of these scripts; every other language is written in Latin.
_LANGUAGES = {
    "CYRILLIC": "ba be bg bs cv hr kk ky mk nog sr tt uk",
    "GREEK": "grc",
    "ARABIC": "fa sd ug ur",
    "HEBREW": "iw",
    "CJK": "cmn hak ja yue",
    "DEVANAGARI": "kok mr ne",
    "BENGALI": "as bpy",
    "MYANMAR": "shn",
    "ARMENIAN": "hyw",
    "ETHIOPIC": "ti",
}
_NAMES = {"HIRAGANA": "KANA", "KATAKANA": "KANA", "KATAKANA-HIRAGANA": "KANA"}


def script_of(char: str) -> str:
    """The script of a letter or of a mark on it, as "CYRILLIC"; "" for everything else."""
    return "" if char.isspace() else _script_of(char)


def dominant_script(text: str) -> str:
    """The script of most letters of a text, "" without letters. Kanji beside kana are Japanese."""
    counts = Counter(filter(None, map(script_of, text)))
    if counts["KANA"]:
        counts["KANA"] += counts.pop("CJK", 0)
    return max(counts, key=lambda script: (counts[script], script)) if counts.total() else ""


def can_read(language: str, script: str) -> bool:
    """Whether the voice of a language (BCP 47) reads a script; all of them read Latin letters."""
    primary = _primary(language)
    readers = [_VOICES.get(script), *_LANGUAGES.get(script, "").split()]
    return script in ("", LATIN) or primary in readers


def spoken_language(text: str, *, language: str) -> str:
    """The language that says a text of a project in `language`: its own, unless it cannot read the script.

    A script that no voice reads leaves the project's language; see is_readable.
    """
    if can_read(language, script := dominant_script(text)):
        return language
    if script == "KANA" and can_read(language, "CJK") and _is_mostly_han(text):
        return language
    return _VOICES.get(script, language)


def is_readable(text: str) -> bool:
    """Whether there is a voice for the script of most letters."""
    script = dominant_script(text)
    return script in ("", LATIN) or script in _VOICES


def _is_mostly_han(text: str) -> bool:
    scripts = [script_of(char) for char in text]
    return scripts.count("CJK") > scripts.count("KANA")


def _primary(language: str) -> str:
    return language.strip().lower().replace("_", "-").split("-")[0]


@cache
def _script_of(char: str) -> str:
    # Fullwidth and mathematical letters are letters of the script they imitate.
    plain = unicodedata.normalize("NFKC", char)[0]
    if unicodedata.category(plain)[0] not in "LM":
        return ""
    first = unicodedata.name(plain, "").split(" ")[0]
    return "" if first in ("COMBINING", "MODIFIER", "VARIATION", "") else _NAMES.get(first, first)
