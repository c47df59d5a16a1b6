"""Captions cut from spoken words, and the files that carry them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from rendering.media.subtitles import Caption, captions_from_words, srt, vtt, width
from rendering.media.words import Word, split

LONG = (
    "The tide comes in twice a day behind the long wall of stone, and the old mill waits for it because "
    "nothing else moves its wheel. Then the gate opens. Yes."
)
CUE = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d) --> (\d\d):(\d\d):(\d\d)[.,](\d\d\d)")


def spoken(text: str) -> list[Word]:
    """Words said at an even pace; a Chinese character takes as long as two letters."""
    words, at = [], 0
    for piece in split(text):
        end = at + round(60 * width(piece))
        words.append(Word(text=piece, start_ms=at, end_ms=end))
        at = end
    return words


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "今日は東京へ行きますか。" * 8,
        "你好世界今天天气很好" * 10,
        "สวัสดีชาวโลก ยินดีต้อนรับ " * 8,
        "x" * 400,
    ],
    ids=["English", "Japanese", "Chinese without marks", "Thai", "one word"],
)
def test_captions_hold_all_words_in_two_lines(text: str) -> None:
    captions = captions_from_words(spoken(text))
    assert "".join("".join(c["text"] for c in captions).split()) == "".join(text.split())
    assert max(width(c["text"]) for c in captions) <= 84
    for caption, following in pairwise(captions):
        assert caption["start_ms"] < caption["end_ms"] <= following["start_ms"]
    assert min(c["end_ms"] - c["start_ms"] for c in captions) >= 1000


def test_captions_break_at_sentences_and_clauses() -> None:
    texts = [c["text"] for c in captions_from_words(spoken(LONG))]
    assert texts[0].endswith("stone,")
    assert texts[-1] == "Then the gate opens. Yes."


def test_a_caption_lingers_over_a_long_pause_and_meets_the_next_over_a_short_one() -> None:
    first, second = "This sentence is long enough.", "And another one like it."
    words = [Word(text=f"{first} ", start_ms=0, end_ms=2000), Word(text=second, start_ms=2300, end_ms=4000)]
    assert [c["end_ms"] for c in captions_from_words(words)] == [2300, 4400]
    words[1] = Word(text=second, start_ms=5000, end_ms=5200)
    assert [c["end_ms"] for c in captions_from_words(words)] == [2400, 6000]


def test_no_words_are_no_captions() -> None:
    assert captions_from_words([]) == []
    assert captions_from_words([Word(text=" ", start_ms=0, end_ms=500)]) == []


def test_files_are_well_formed() -> None:
    captions = [
        Caption(text="Fish & <b>chips</b>\n\n--> now", start_ms=0, end_ms=1500, words=[]),
        Caption(text="مرحبا", start_ms=3_723_004, end_ms=3_725_000, words=[]),
    ]
    blocks = srt(captions).strip().split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == ["1", "2"]
    assert blocks[1].split("\n")[1:] == ["01:02:03,004 --> 01:02:05,000", "مرحبا"]
    header, *cues = vtt(captions).strip().split("\n\n")
    assert header == "WEBVTT"
    assert all(CUE.fullmatch(cue.split("\n")[0]) and len(cue.split("\n")) == 2 for cue in cues)
    assert cues[0].split("\n")[1] == "Fish &amp; &lt;b&gt;chips&lt;/b&gt; → now"


def test_no_captions_are_still_valid_files() -> None:
    assert srt([]) == ""
    assert vtt([]).startswith("WEBVTT\n")
