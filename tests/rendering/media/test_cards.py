"""Scene cards: designed, repeatable, and clear of the captions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rendering.media.bidi import base_level
from rendering.media.captions import caption_overlay
from rendering.media.card_compositions import COMPOSITIONS, horizon
from rendering.media.cards import choose, draw_card, run, title_of
from rendering.media.motion import MOTIONS, View, view_at
from rendering.media.specs import CardSpec


def card(**changes: object) -> CardSpec:
    values: dict[str, object] = {
        "out_path": "", "text": "A lighthouse at dusk", "number": 4, "width": 480, "height": 270, "seed": "a",
    }  # fmt: skip
    return CardSpec(**values | changes)  # type: ignore[arg-type]  # the test's own values


def number_of(drawing: object) -> int:
    return next(number for number in NUMBERS if choose(card(number=number))[0].draw is drawing)


NUMBERS = range(1, len(COMPOSITIONS) + 1)
MARGIN = 0.025
TITLES = {
    "short": "Dusk",
    "long": "Every evening the keeper climbs two hundred and seven steps to light the lamp for the ships",
    "chinese": "守塔人每天傍晚都要爬上两百零七级台阶点亮灯火照亮港口",
    "arabic": "حارس المنارة يصعد الدرج كل مساء قبل الغسق",
}
LONG_CAPTION = "حارس المنارة يصعد الدرج كل مساء قبل الغسق ثم يشعل المصباح للسفن"


def test_the_same_card_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        assert run(card(out_path=str(tmp_path / name)), progress=lambda _: None) == {
            "width": 480,
            "height": 270,
        }
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_scenes_that_share_a_seed_take_the_compositions_in_turn() -> None:
    assert {choose(card(number=number))[0] for number in NUMBERS} == set(COMPOSITIONS)


def test_another_seed_draws_another_card() -> None:
    assert draw_card(card(seed="a")).tobytes() != draw_card(card(seed="b")).tobytes()


@pytest.mark.parametrize("text", list(TITLES.values()), ids=list(TITLES))
@pytest.mark.parametrize("size", [(480, 270), (270, 480), (270, 270)], ids=["16:9", "9:16", "1:1"])
@pytest.mark.parametrize("number", NUMBERS)
def test_no_motion_cuts_words_and_marks_or_moves_them_under_a_caption(
    number: int, size: tuple[int, int], text: str
) -> None:
    width, height = size
    rows, columns = words_and_marks(card(number=number, width=width, height=height, text=text))
    left, top, right, bottom = always_visible()
    assert left + MARGIN < columns.min() / width
    assert columns.max() / width < right - MARGIN
    assert top + MARGIN < rows.min() / height
    assert rows.max() / height < bottom - MARGIN
    captions_top = caption_overlay(LONG_CAPTION, width=width, height=height).y / height
    lowest = (rows.max() + 1) / height
    assert all((lowest - view.y) * view.zoom + 0.5 < captions_top for view in all_views())


def words_and_marks(spec: CardSpec) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the pixels that the words, the stroke and the number change."""
    wordless = card_pixels(replace(spec, text=""))
    if base_level(spec.text):
        wordless = wordless[:, ::-1]
    changed = np.abs(card_pixels(spec) - wordless).max(axis=2) > 60
    return np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))


def card_pixels(spec: CardSpec) -> np.ndarray:
    return np.asarray(draw_card(spec)).astype(int)


def all_views() -> list[View]:
    return [view_at(motion, frame=frame, scene_frames=50) for motion in MOTIONS for frame in range(50)]


def always_visible() -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what every frame of every motion shows, as shares of the still."""
    views = all_views()
    return (
        max(view.x - 0.5 / view.zoom for view in views),
        max(view.y - 0.5 / view.zoom for view in views),
        min(view.x + 0.5 / view.zoom for view in views),
        min(view.y + 0.5 / view.zoom for view in views),
    )


@pytest.mark.parametrize(
    "text", ["حارس المنارة عند الغسق", "灯台守が灯りをともす", "Launch 🚀 day", "", "x" * 900]
)
def test_any_text_makes_a_card(text: str) -> None:
    image = draw_card(card(text=text))
    assert np.asarray(image).std() > 5


def test_right_to_left_words_mirror_the_card() -> None:
    arabic = np.asarray(draw_card(card(text="سر", number=number_of(horizon))))
    top = slice(0, 110)
    assert arabic[top, 240:].std() > arabic[top, :240].std()


@pytest.mark.parametrize("number", [0, 6])
def test_a_number_is_circled_in_pencil_unless_it_is_zero(number: int) -> None:
    above_words = np.asarray(draw_card(card(number=number))).astype(int)[:75, 60:110]
    is_pencil = above_words[..., 0] - above_words[..., 2] > 100
    assert is_pencil.any() == bool(number)


def test_a_long_text_is_cut_to_its_first_sentence() -> None:
    assert (
        title_of("A short opening sentence. " + "More of it follows here. " * 9)
        == "A short opening sentence."
    )
    assert title_of("two\n lines") == "two lines"


def test_the_card_file_is_a_png(tmp_path: Path) -> None:
    run(card(out_path=str(tmp_path / "card.png")), progress=lambda _: None)
    with Image.open(tmp_path / "card.png") as image:
        assert image.format == "PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["card.png"]
