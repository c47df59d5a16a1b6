"""Scene cards: designed, repeatable, and clear of the captions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rendering.media.card_compositions import COMPOSITIONS, horizon
from rendering.media.cards import choose, draw_card, run, title_of
from rendering.media.specs import CardSpec


def card(**changes: object) -> CardSpec:
    values: dict[str, object] = {
        "out_path": "", "text": "A lighthouse at dusk", "number": 4, "width": 480, "height": 270, "seed": "a",
    }  # fmt: skip
    return CardSpec(**values | changes)  # type: ignore[arg-type]  # the test's own values


def number_of(drawing: object) -> int:
    return next(number for number in NUMBERS if choose(card(number=number))[0].draw is drawing)


NUMBERS = range(1, len(COMPOSITIONS) + 1)


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


@pytest.mark.parametrize(("width", "height"), [(480, 270), (270, 480), (270, 270)])
def test_words_stay_clear_of_the_captions(width: int, height: int) -> None:
    floor = round(height * (0.72 if height > width else 0.8))
    for number in NUMBERS:
        words = "Every word of this long description must stay above the captions of the scene"
        with_words, without = (
            np.asarray(draw_card(card(number=number, width=width, height=height, text=text)))
            for text in (words, "")
        )
        letters = np.abs(with_words.astype(int) - without).max(axis=2) > 100
        assert np.flatnonzero(letters.any(axis=1)).max() < floor


@pytest.mark.parametrize(
    "text", ["حارس المنارة عند الغسق", "灯台守が灯りをともす", "Launch 🚀 day", "", "x" * 900]
)
def test_any_text_makes_a_card(text: str) -> None:
    image = draw_card(card(text=text))
    assert np.asarray(image).std() > 5


def test_right_to_left_words_mirror_the_card() -> None:
    arabic = np.asarray(draw_card(card(text="سر", number=number_of(horizon))))
    corner = slice(0, 50)
    assert arabic[corner, -70:].std() > arabic[corner, :70].std()


@pytest.mark.parametrize("number", [0, 6])
def test_a_number_is_circled_in_pencil_unless_it_is_zero(number: int) -> None:
    corner = np.asarray(draw_card(card(number=number))).astype(int)[:40, :60]
    is_pencil = corner[..., 0] - corner[..., 2] > 100
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
