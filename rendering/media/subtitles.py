"""Captions from spoken words, and the files that carry them (SubRip, WebVTT)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypedDict

from rendering.media.words import Word

MAX_WIDTH = 76  # two lines of 38 letters
ENOUGH_WIDTH = 24
WIDE = 2.2
LINGER_MS = 400
SHORTEST_MS = 1000
BRIDGED_GAP_MS = 700

_SENTENCE_ENDS = tuple(".!?…。！？؟।") + tuple(f"{mark}{quote}" for mark in ".!?" for quote in "\"'”’»)")
_CLAUSE_ENDS = tuple(",;:—–、，；：،")


class Caption(TypedDict):
    """A text, the milliseconds between which it is shown, and its words with their own times."""

    text: str
    start_ms: int
    end_ms: int
    words: list[Word]


def captions_from_words(words: Sequence[Word]) -> list[Caption]:
    """Group words into captions of at most two lines, cut at sentences, then at clauses, then in the middle.

    Times are relative to the start of the narration. A caption stays until the next one when the pause
    between them is short, otherwise a moment longer than its last word; a second at least if there is room.
    """
    groups = [part for sentence in _sentences(words) for part in _short_enough(sentence)]
    nexts = [group[0]["start_ms"] for group in groups[1:]]
    captions = [_caption(group, following) for group, following in zip_longest(groups, nexts)]
    return [caption for caption in captions if caption["text"]]


def srt(captions: Sequence[Mapping[str, Any]]) -> str:
    """The captions as SubRip."""
    cues = (
        f"{number}\n{_clock(c['start_ms'], ',')} --> {_clock(c['end_ms'], ',')}\n{_one_block(c['text'])}\n"
        for number, c in enumerate(captions, start=1)
    )
    return "\n".join(cues)


def vtt(captions: Sequence[Mapping[str, Any]]) -> str:
    """The captions as WebVTT (https://www.w3.org/TR/webvtt1/)."""
    cues = (
        f"{_clock(c['start_ms'], '.')} --> {_clock(c['end_ms'], '.')}\n{_escaped(_one_block(c['text']))}\n"
        for c in captions
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def width(text: str) -> float:
    """How broad a text is, in Latin letters."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> float:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):  # marks above and below, as in Thai and Hindi
        return 0.0
    return WIDE if unicodedata.east_asian_width(char) in "WF" else 1.0


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    """Sentences; a short one goes together with the next."""
    sentences: list[list[Word]] = []
    for word in words:
        if not sentences or _is_closed(_text(sentences[-1]).rstrip()):
            sentences.append([])
        sentences[-1].append(word)
    return sentences


def _is_closed(text: str) -> bool:
    return text.endswith(_SENTENCE_ENDS) and width(text) >= ENOUGH_WIDTH


def _short_enough(group: list[Word]) -> list[list[Word]]:
    if width(_text(group).rstrip()) <= MAX_WIDTH or len(group) == 1:
        return [group]
    cut = min(range(1, len(group)), key=lambda index: _unevenness(group, index))
    return [*_short_enough(group[:cut]), *_short_enough(group[cut:])]


def _unevenness(group: list[Word], cut: int) -> float:
    left, right = _text(group[:cut]).rstrip(), _text(group[cut:]).rstrip()
    if left.endswith(_SENTENCE_ENDS):
        bonus = MAX_WIDTH
    else:
        bonus = MAX_WIDTH // 2 if left.endswith(_CLAUSE_ENDS) else 0
    return abs(width(left) - width(right)) - bonus


def _text(group: Sequence[Word]) -> str:
    return "".join(word["text"] for word in group)


def _caption(group: list[Word], following_ms: int | None) -> Caption:
    start, end = group[0]["start_ms"], group[-1]["end_ms"]
    if following_ms is None or following_ms - end > BRIDGED_GAP_MS:
        end = max(end + LINGER_MS, start + SHORTEST_MS)
    if following_ms is not None and following_ms - end <= BRIDGED_GAP_MS:
        end = following_ms
    text = " ".join(_text(group).split())
    return Caption(text=text, start_ms=start, end_ms=max(end, start + 1), words=group)


def _clock(ms: int, mark: str) -> str:
    seconds, rest = divmod(int(ms), 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:03d}"


def _one_block(text: str) -> str:
    # An empty line would end the cue, and an arrow would start another.
    return " ".join(text.split()).replace("-->", "→")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
