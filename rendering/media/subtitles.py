"""Captions from spoken words, and the files that carry them (SubRip, WebVTT)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, TypedDict

from rendering.media.words import Word

MAX_WIDTH = 76
ENOUGH_WIDTH = 24
WIDE = 2.2
LINGER_MS = 400
BRIDGED_GAP_MS = 700

_SENTENCE_ENDS = tuple(".!?…。！？؟।") + tuple(f"{mark}{quote}" for mark in ".!?" for quote in "\"'”’»)")
_CLAUSE_ENDS = tuple(",;:—–、，；：،")  # noqa: RUF001  # punctuation of several scripts


class Caption(TypedDict):
    """A text and the milliseconds between which it is shown."""

    text: str
    start_ms: int
    end_ms: int


def captions_from_words(words: Sequence[Word]) -> list[Caption]:
    """Group words into captions of at most two lines, broken at sentences and clauses where possible.

    Times are relative to the start of the narration. A caption stays until the next one when the pause
    between them is short, otherwise a moment longer than its last word.
    """
    groups: list[list[Word]] = []
    for word in words:
        if not groups or _is_full(groups[-1], word):
            groups.append([])
        groups[-1].append(word)
    captions: list[Caption] = []
    for index, group in enumerate(groups):
        following = groups[index + 1][0]["start_ms"] if index + 1 < len(groups) else None
        captions.append(_caption(group, following))
    return [caption for caption in captions if caption["text"]]


def srt(captions: Sequence[dict[str, Any]]) -> str:
    """The captions as SubRip."""
    cues = (
        f"{number}\n{_clock(c['start_ms'], ',')} --> {_clock(c['end_ms'], ',')}\n{_one_block(c['text'])}\n"
        for number, c in enumerate(captions, start=1)
    )
    return "\n".join(cues)


def vtt(captions: Sequence[dict[str, Any]]) -> str:
    """The captions as WebVTT (https://www.w3.org/TR/webvtt1/)."""
    cues = (
        f"{_clock(c['start_ms'], '.')} --> {_clock(c['end_ms'], '.')}\n{_escaped(_one_block(c['text']))}\n"
        for c in captions
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def width(text: str) -> float:
    """How broad a text is, in Latin letters."""
    return sum(WIDE if unicodedata.east_asian_width(char) in "WF" else 1.0 for char in text)


def _is_full(group: list[Word], word: Word) -> bool:
    text = "".join(one["text"] for one in group)
    shown = text.rstrip()
    if shown.endswith(_SENTENCE_ENDS) and width(shown) >= ENOUGH_WIDTH:
        return True
    if shown.endswith(_CLAUSE_ENDS) and width(shown) >= MAX_WIDTH / 2:
        return True
    return width(text + word["text"].rstrip()) > MAX_WIDTH


def _caption(group: list[Word], following_ms: int | None) -> Caption:
    text = "".join(word["text"] for word in group).strip()
    start, end = group[0]["start_ms"], group[-1]["end_ms"]
    if following_ms is None or following_ms - end > BRIDGED_GAP_MS:
        end += LINGER_MS
    else:
        end = following_ms
    return Caption(text=" ".join(text.split()), start_ms=start, end_ms=max(end, start + 1))


def _clock(ms: int, mark: str) -> str:
    seconds, rest = divmod(int(ms), 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:03d}"


def _one_block(text: str) -> str:
    # An empty line would end the cue, and an arrow would start another.
    return " ".join(text.split()).replace("-->", "→")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
