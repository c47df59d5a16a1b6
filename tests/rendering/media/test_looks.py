"""Every look is drawn in every shape and writing system, in a brand's colours, clear of the captions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rendering.media.captions import caption_overlay
from rendering.media.cards import draw_card, draw_words
from rendering.media.motion import MOTIONS, View, view_at
from rendering.media.specs import CardSpec
from tests.rendering.media.stills import flat

LOOKS = ("title", "quote", "list", "photo", "split", "chart")
SIZES = {"16:9": (480, 270), "9:16": (270, 480), "1:1": (270, 270)}
# One text that is a list and one with figures would do for Latin; every script must at least be set.
TEXTS = {
    "latin": "Wind gives 38%, solar 24%, coal 19% and gas 12% of our power.",
    "cyrillic": "Ветер даёт 38%, солнце 24%, уголь 19%.",
    "greek": "Ο άνεμος δίνει 38%, ο ήλιος 24%.",
    "arabic": "الرياح 38%، الشمس 24%، الفحم 19%",
    "hebrew": "הרוח 38%, השמש 24%, הפחם 19%",
    "cjk": "风能占38%，太阳能占24%，煤占19%",
    "devanagari": "पवन ऊर्जा 38%, सौर 24%, कोयला 19%",
}
INK, PAPER, ACCENT = "#d000d0", "#ffffff", "#008000"
LONG_CAPTION = "حارس المنارة يصعد الدرج كل مساء قبل الغسق ثم يشعل المصباح للسفن"


def spec(look: str, size: tuple[int, int], text: str, **changes: str) -> CardSpec:
    return CardSpec(
        out_path="", text=text, number=0, width=size[0], height=size[1], seed=text, look=look, **changes
    )


def pixels(card: CardSpec) -> np.ndarray:
    return np.asarray(draw_card(card)).astype(int)


def inked(card: CardSpec) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns that have ink, which only words do where the picture has none."""
    red, green, blue = np.moveaxis(pixels(card), 2, 0)
    is_ink = (red > 150) & (blue > 150) & (green < 90)
    return np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))


def views() -> list[View]:
    return [view_at(motion, frame=frame, scene_frames=9) for motion in MOTIONS for frame in range(9)]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("look", ["quote", "list", "split", "chart"])
def test_words_are_never_cut_or_covered(tmp_path: Path, look: str, size: tuple[int, int], text: str) -> None:
    picture = flat(tmp_path / "grey.png", (128, 128, 128))
    rows, columns = inked(
        spec(look, size, text, picture_path=picture, ink=INK, paper=PAPER, accent=ACCENT, heading="")
    )
    assert rows.size, "nothing was set"
    width, height = size
    captions_top = caption_overlay(LONG_CAPTION, width=width, height=height).y / height
    for view in views():
        left, right = (
            (edge / width - view.x) * view.zoom + 0.5 for edge in (columns.min(), columns.max() + 1)
        )
        top, bottom = ((edge / height - view.y) * view.zoom + 0.5 for edge in (rows.min(), rows.max() + 1))
        assert left > 0.01
        assert right < 0.99
        assert top > 0.01
        assert bottom < captions_top


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("look", ["quote", "list", "split", "chart"])
def test_words_leave_room_for_captions_at_the_top(tmp_path: Path, look: str, size: tuple[int, int]) -> None:
    picture = flat(tmp_path / "grey.png", (128, 128, 128))
    colours = {"ink": INK, "paper": PAPER, "accent": ACCENT, "picture_path": picture}
    rows, _ = inked(spec(look, size, TEXTS["latin"], caption_place="top", heading="", **colours))
    width, height = size
    overlay = caption_overlay(LONG_CAPTION, width=width, height=height, place="top")
    captions_end = (overlay.y + overlay.keep.y.shape[0]) / height
    assert all((rows.min() / height - view.y) * view.zoom + 0.5 > captions_end for view in views())


@pytest.mark.parametrize("look", ["quote", "list", "photo", "split", "chart"])
def test_a_card_of_right_to_left_words_is_mirrored(tmp_path: Path, look: str) -> None:
    picture = flat(tmp_path / "white.png", (255, 255, 255))
    colours = {"ink": INK, "paper": PAPER, "accent": ACCENT, "picture_path": picture}
    middles = []
    for text in ("Wind 38%, sun 24%", "الرياح 38%، الشمس 24%"):
        red, green, blue = np.moveaxis(pixels(spec(look, SIZES["16:9"], text, **colours)), 2, 0)
        is_accent = (green > red + 60) & (green > blue + 60)
        middles.append(np.nonzero(is_accent)[1].mean() / SIZES["16:9"][0])
    assert abs(middles[0] - 0.5) > 0.02
    assert sum(middles) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("look", [*LOOKS, "art", "brand"])
@pytest.mark.parametrize("text", ["", "x" * 900, "🚀", "1%", "Launch 🚀 day — 3 of 4"])
def test_any_text_makes_a_card(look: str, text: str) -> None:
    for size in SIZES.values():
        image = draw_card(spec(look, size, text))
        assert image.size == size
        assert np.asarray(image).std() > 1


@pytest.mark.parametrize("look", LOOKS)
def test_a_brand_changes_colours_and_letters(look: str) -> None:
    text = TEXTS["latin"]
    own = {"paper": "#0b1f33", "ink": "#f4f7fb", "accent": "#ffb000"}
    plain, branded = (pixels(spec(look, SIZES["16:9"], text, **colours)) for colours in ({}, own))
    assert (plain != branded).any()
    is_paper = (np.abs(branded - (0x0B, 0x1F, 0x33)).max(axis=2) < 3).mean()
    assert is_paper > (0.15 if look != "photo" else -1)
    fredoka = pixels(spec(look, SIZES["16:9"], text, font="fredoka", **own))
    assert (fredoka != branded).any()


def test_letters_that_a_family_lacks_are_all_set_in_noto() -> None:
    for text in (TEXTS["arabic"], TEXTS["cjk"], TEXTS["devanagari"]):
        chosen, standard = (
            pixels(spec("list", SIZES["16:9"], text, font=font)) for font in ("fredoka", "noto-sans")
        )
        # Only the digits may differ.
        assert (chosen != standard).any(axis=2).mean() < 0.02


def test_a_chart_needs_figures_and_is_a_title_without() -> None:
    words = "Nothing to count here"
    assert (pixels(spec("chart", (480, 270), words)) == pixels(spec("title", (480, 270), words))).all()


def test_the_longest_bar_is_the_largest_figure() -> None:
    shown = pixels(spec("chart", (480, 270), "Wind 40%, sun 20%", ink="#000000", paper=PAPER, accent=ACCENT))
    green = (np.abs(shown - (0, 128, 0)).max(axis=2) < 8).sum(axis=1)
    grey = ((shown.max(axis=2) < 130) & (np.ptp(shown, axis=2) < 4)).sum(axis=1)
    assert green.max() == pytest.approx(2 * np.sort(grey)[-4:].mean(), rel=0.25)


def test_a_photo_without_words_is_the_picture(tmp_path: Path) -> None:
    picture = flat(tmp_path / "red.png", (200, 30, 30))
    shown = pixels(spec("photo", (480, 270), "", picture_path=picture))
    assert np.abs(shown - (200, 30, 30)).max() < 3


def test_words_on_a_white_picture_can_be_read(tmp_path: Path) -> None:
    picture = flat(tmp_path / "white.png", (255, 255, 255))
    shown = pixels(spec("photo", (480, 270), "", heading="Salt", picture_path=picture))
    columns = slice(60, 150)
    band = shown[150:190, columns].max(axis=2)
    assert band.max() > 240
    assert np.median(band) < 110


def test_a_split_card_is_half_picture(tmp_path: Path) -> None:
    picture = flat(tmp_path / "red.png", (200, 30, 30))
    for size in SIZES.values():
        shown = pixels(spec("split", size, "Words beside it", picture_path=picture))
        share = (np.abs(shown - (200, 30, 30)).max(axis=2) < 4).mean()
        assert 0.3 < share < 0.5


def test_a_brand_card_shows_logo_title_and_text(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGBA", (120, 60), (10, 90, 200, 255)).save(logo)
    for size in SIZES.values():
        bare = pixels(spec("brand", size, "", heading=""))
        shown = pixels(spec("brand", size, "Since 1871", heading="The Mill", picture_path=str(logo)))
        is_logo = np.abs(shown - (10, 90, 200)).max(axis=2) < 4
        assert is_logo.mean() > 0.01
        middle = np.flatnonzero(is_logo.any(axis=0))
        assert (middle.min() + middle.max()) / 2 == pytest.approx(size[0] / 2, abs=2)
        assert (shown != bare).any(axis=2).mean() > 0.03


def test_the_words_of_a_photo_can_be_laid_over_any_picture(tmp_path: Path) -> None:
    card = spec("photo", SIZES["16:9"], "", heading="The mill at night")
    for grey in (30, 128, 220):
        picture = flat(tmp_path / f"{grey}.png", (grey, grey, grey))
        drawn = pixels(replace(card, picture_path=picture))
        words = np.asarray(draw_words(card)).astype(float)
        share = words[..., 3:] / 255
        laid = np.full_like(words[..., :3], grey) * (1 - share) + words[..., :3] * share
        assert np.abs(drawn - laid).max() <= 4
