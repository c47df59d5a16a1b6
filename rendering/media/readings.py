"""How Japanese is read. espeak-ng knows kana only and calls every kanji "Chinese letter"."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# Written ha and he, said wa and e, when they stand alone as particles.
_PARTICLES = {"は": "わ", "へ": "え"}
_KANJI = re.compile(r"[\u3400-\u9fff々〆ヶ]")


def needs_readings(language: str) -> bool:
    """Is this Japanese?"""
    return language.strip().lower().replace("_", "-").split("-")[0] == "ja"


def read(text: str) -> list[tuple[str, str]]:
    """Words of a Japanese text as (written, said in kana); the written ones joined are the text."""
    pairs: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        # The dictionary turns what it does not know, such as a line's end, into spaces of its own.
        at = 0
        for item in load().convert(line.strip()):
            written, said = item["orig"], item["hira"]
            found = line.find(written, at) if written.strip() else -1
            if found >= 0:
                _append_gap(pairs, line[at:found])
                pairs.append((written, _said(written, said)))
                at = found + len(written)
        _append_gap(pairs, line[at:])
    return pairs


@cache
def load() -> Any:
    """The dictionary, loaded once a process."""
    import pykakasi

    return pykakasi.kakasi()  # type: ignore[no-untyped-call]  # the package ships no types


def _said(written: str, said: str) -> str:
    if not _KANJI.search(written):
        return _PARTICLES.get(written, written)
    return said


def _append_gap(pairs: list[tuple[str, str]], gap: str) -> None:
    """What the dictionary left out stays with the word before it."""
    if gap:
        written, said = pairs.pop() if pairs else ("", "")
        pairs.append((written + gap, said + gap))
