"""Text of the world's scripts is drawn with real glyphs, in reading order."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from rendering.media.bidi import base_level, levels, visual_order
from rendering.media.breaking import pieces, wrap
from rendering.media.clusters import clusters
from rendering.media.fonts import face_for, fingerprint, missing_glyphs
from rendering.media.text import Style, draw_block, fit_text, line_of, set_text

LINES = {
    "Latin": "The quick brown fox — “naïve”, 95 %",
    "Cyrillic": "Съешь ещё этих мягких булок",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Arabic": "نص حكيم له سر قاطع وذو شأن عظيم",
    "Hebrew": "דג סקרן שט בים מאוכזב",
    "Chinese": "天地玄黄，宇宙洪荒。",
    "Japanese": "いろはにほへと、散りぬるを。",
    "Korean": "키스의 고유조건은 입술끼리 만나야 하고",
    "Devanagari": "ऋषियों को सताने वाले दुष्ट राक्षसों",
    "Thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "emoji": "🚀 ☕ 👨‍👩‍👧 🇯🇵 👍🏽 1️⃣",
}
STYLE = Style(size=40)


def ink_columns(text: str) -> np.ndarray:
    block = set_text(text, style=STYLE, width=1000)
    image = Image.new("RGB", (block.width + 20, block.height))
    draw_block(image, block, at=(10, 0), width=block.width, fill=(255, 255, 255))
    return np.flatnonzero(np.asarray(image).max(axis=(0, 2)) > 60)


@pytest.mark.parametrize("script", LINES)
def test_every_character_has_a_glyph(script: str) -> None:
    assert missing_glyphs(LINES[script]) == set()


@pytest.mark.parametrize("script", LINES)
def test_no_run_draws_the_box_of_a_missing_glyph(script: str) -> None:
    for run in line_of(LINES[script], style=STYLE).runs:
        font = run.face.at(size=STYLE.size, weight=STYLE.weight)
        box = bytes(font.getmask("\U0010fffd", mode="L"))
        visible = [cluster for cluster in clusters(run.text) if not cluster.isspace()]
        assert all(bytes(font.getmask(cluster, mode="L")) != box for cluster in visible)


def test_a_character_without_any_font_is_named() -> None:
    assert missing_glyphs("fine \U0010fffd") == {"\U0010fffd"}


def test_ideographs_take_the_shapes_of_the_scenes_language() -> None:
    faces = [face_for("直", language="ja"), face_for("直", language="zh"), face_for("한", language="en")]
    assert [face.index for face in faces if face] == [0, 2, 1]


def test_an_arabic_word_is_one_run_so_its_letters_join() -> None:
    (run,) = line_of("عظيم", style=STYLE).runs
    assert run.direction == "rtl"


def test_mixed_directions_are_ordered_as_they_are_read() -> None:
    line = line_of("שלום Django עולם", style=STYLE)
    words = [run.text.strip() for run in line.runs if run.text.strip()]
    assert words == ["עולם", "Django", "שלום"]
    assert line.is_right_to_left


def test_numbers_inside_right_to_left_text_keep_their_order() -> None:
    text = "مع 12.5% من"
    found = levels(text, base=base_level(text))
    assert [level for char, level in zip(text, found, strict=True) if char in "12.5"] == [2, 2, 2, 2]
    assert visual_order([1, 2, 1]) == [2, 1, 0]
    assert visual_order([0, 1, 2, 1, 0]) == [0, 3, 2, 1, 4]


def test_right_to_left_lines_start_at_the_right_edge() -> None:
    block = set_text("سر", style=STYLE, width=400)
    image = Image.new("RGB", (400, block.height))
    draw_block(image, block, at=(0, 0), width=400, fill=(255, 255, 255))
    columns = np.flatnonzero(np.asarray(image).max(axis=(0, 2)) > 60)
    assert columns.min() > 300


def test_drawn_width_agrees_with_the_measured_width() -> None:
    columns = ink_columns("Width of a mixed 日本語 line")
    measured = line_of("Width of a mixed 日本語 line", style=STYLE).width
    assert columns.max() - columns.min() == pytest.approx(measured, abs=8)


def test_chinese_breaks_without_spaces_but_never_before_a_full_stop() -> None:
    lines = wrap("天地玄黄宇宙洪荒。", width=4, measure=len)
    assert "".join(lines) == "天地玄黄宇宙洪荒。"
    assert len(lines) == 3
    assert not any(line.startswith("。") for line in lines)


def test_korean_and_latin_break_at_spaces() -> None:
    assert pieces("고유 조건") == ["고유 ", "조건"]
    assert pieces("two words") == ["two ", "words"]


def test_lines_are_of_even_length() -> None:
    lines = wrap("aaaa bbbb cccc dddd eeee ffff", width=24, measure=len)
    assert lines == ["aaaa bbbb cccc", "dddd eeee ffff"]


def test_a_word_longer_than_the_line_is_broken_not_lost() -> None:
    assert "".join(wrap("x" * 50, width=20, measure=len)) == "x" * 50


def test_text_that_cannot_fit_ends_in_an_ellipsis() -> None:
    block = fit_text("word " * 200, styles=[STYLE, Style(size=20)], width=300, height=100)
    assert block.height <= 100
    assert block.lines[-1].runs[-1].text.endswith("…")


def test_a_family_a_flag_and_a_keycap_are_one_cluster_each() -> None:
    assert clusters("👨‍👩‍👧🇯🇵1️⃣é") == ["👨‍👩‍👧", "🇯🇵", "1️⃣", "é"]


def test_the_fingerprint_of_the_fonts_is_stable() -> None:
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 16
