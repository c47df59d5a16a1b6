"""Captions are readable, inside the safe area, and on screen exactly when they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rendering.media.captions import caption_overlay
from rendering.media.colour import planes_to_rgb, rgb_to_planes
from rendering.media.frames import SceneFrames
from rendering.media.planes import Planes
from tests.rendering.media.stills import flat, segment_spec


def grey_frame(width: int = 640, height: int = 360) -> Planes:
    return rgb_to_planes(np.full((height, width, 3), 128, np.uint8))


def changed(before: Planes, after: Planes) -> np.ndarray:
    return np.abs(before.y.astype(int) - after.y) > 4


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (360, 360)])
def test_a_caption_stays_inside_the_safe_area(width: int, height: int) -> None:
    before, after = grey_frame(width, height), grey_frame(width, height)
    overlay = caption_overlay("A caption of quite a few words that needs lines", width=width, height=height)
    overlay.blend(after)
    rows, columns = np.nonzero(changed(before, after))
    assert rows.min() > height * 0.5
    assert rows.max() < height * (0.82 if height > width else 0.95)
    assert columns.min() > width * 0.04
    assert columns.min() == pytest.approx(width - 1 - columns.max(), abs=2)


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (360, 360)])
def test_a_caption_stands_at_the_top_or_in_the_middle_when_asked(width: int, height: int) -> None:
    def rows(place: str) -> tuple[float, float]:
        overlay = caption_overlay("A caption of some words", width=width, height=height, place=place)
        return overlay.y / height, (overlay.y + overlay.keep.y.shape[0]) / height

    assert rows("top")[0] > 0.11
    assert rows("top")[1] < rows("middle")[0]
    assert sum(rows("middle")) / 2 == pytest.approx(0.5, abs=0.01)


def test_white_text_on_a_dark_plate() -> None:
    after = grey_frame()
    overlay = caption_overlay("Words", width=640, height=360)
    overlay.blend(after)
    rgb = planes_to_rgb(after)
    box = rgb[
        overlay.y : overlay.y + overlay.keep.y.shape[0], overlay.x : overlay.x + overlay.keep.y.shape[1]
    ]
    assert box.max() > 235
    assert np.median(box) < 70


def test_the_picture_outside_the_plate_is_untouched() -> None:
    before, after = grey_frame(), grey_frame()
    overlay = caption_overlay("Words", width=640, height=360)
    overlay.blend(after)
    after.y[overlay.y : overlay.y + overlay.keep.y.shape[0]] = before.y[0, 0]
    assert np.array_equal(before.y, after.y)


def test_a_long_caption_gets_smaller_and_then_cut_rather_than_covering_the_picture() -> None:
    overlay = caption_overlay("many words " * 80, width=640, height=360)
    assert overlay.keep.y.shape[0] < 360 * 0.3


def test_captions_appear_on_their_frames_only(tmp_path: Path) -> None:
    captions = [{"text": "Now", "start_frame": 10, "end_frame": 20}]
    still = flat(tmp_path / "grey.png", (128, 128, 128))
    spec = segment_spec(tmp_path, still_path=still, captions=captions)
    scene = SceneFrames(spec)
    shown = []
    for number in range(30):
        shown.append(int(scene.draw(number).y.max()) > 200)
    assert [number for number, is_shown in enumerate(shown) if is_shown] == list(range(10, 20))


def test_colours_survive_the_way_to_planes_and_back() -> None:
    picture = np.full((8, 8, 3), (190, 50, 24), np.uint8)
    assert np.abs(planes_to_rgb(rgb_to_planes(picture)).astype(int) - picture).max() <= 2
