"""The camera moves by parts of a pixel and never steps back."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

from rendering.media.frames import Still
from rendering.media.motion import MOTIONS, PANS, REACH, is_quick_pan, view_at
from rendering.media.planes import Plane
from rendering.media.warp import LUMA_TOLERANCE, PLACES, PlaneWarp
from tests.rendering.media.stills import dot

WIDTH, HEIGHT, FRAMES = 640, 360, 150
QUICK_FRAMES = 75  # at which even a pan over the height is quick
FLOAT_ERROR = 0.0005
# OpenCV rounds a level, after it cut each of two terms off to a quarter (VResizeLinear of resize.cpp).
HALF, TRUNCATED = 0.5, 2 * 0.25


def dot_positions(still: Still, motion: str, *, frames: int = FRAMES) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    positions = []
    for number in range(frames):
        frame = still.draw(view_at(motion, frame=number, scene_frames=frames))
        light = np.maximum(frame.y - 70.0, 0)
        positions.append(((columns * light).sum() / light.sum(), (rows * light).sum() / light.sum()))
    return np.array(positions)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Still:
    path = dot(tmp_path_factory.mktemp("motion") / "dot.png", at=(0.7, 0.66), size=(896, 504))
    return Still(path, width=WIDTH, height=HEIGHT)


@pytest.mark.parametrize("motion", [name for name in MOTIONS if name != "none"])
def test_a_tracked_dot_never_steps_back_and_stays_on_its_path(still: Still, motion: str) -> None:
    seen = dot_positions(still, motion)
    views = [view_at(motion, frame=number, scene_frames=FRAMES) for number in range(FRAMES)]
    size, place = np.array((WIDTH, HEIGHT)), np.array((0.7, 0.66))
    ideal = np.array([size * ((place - (view.x, view.y)) * view.zoom + 0.5) - 0.5 for view in views])
    error = seen - ideal
    assert np.sqrt(((error - error.mean(axis=0)) ** 2).mean()) < 0.005
    steps, wanted = np.diff(seen, axis=0), np.diff(ideal, axis=0)
    moving = np.abs(wanted) > 1e-6
    assert not (np.sign(steps[moving]) != np.sign(wanted[moving])).any()


@pytest.mark.parametrize("motion", sorted(PANS))
def test_a_quick_pan_is_drawn_within_half_a_place(tmp_path: Path, motion: str) -> None:
    path = dot(tmp_path / "dot.png", at=(0.7, 0.66), size=(896, 504))
    quick = Still(path, width=WIDTH, height=HEIGHT, motion=motion, scene_frames=QUICK_FRAMES)
    assert is_quick_pan(motion, scene_frames=QUICK_FRAMES, width=WIDTH, height=HEIGHT)
    exact = Still(path, width=WIDTH, height=HEIGHT)
    seen, wanted = (dot_positions(one, motion, frames=QUICK_FRAMES) for one in (quick, exact))
    error = seen - wanted
    assert np.abs(error - error.mean(axis=0)).max() < 1 / (2 * PLACES) + 0.01
    steps = np.diff(seen, axis=0)[:, 0 if PANS[motion][0] else 1]
    assert (np.sign(steps) == np.sign(-sum(PANS[motion]))).all()


def test_a_slow_pan_is_drawn_exactly() -> None:
    size = {"width": WIDTH, "height": HEIGHT}
    assert not is_quick_pan("pan-left", scene_frames=1800, **size)
    assert not is_quick_pan("zoom-in", scene_frames=10, **size)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_picture_always_covers_the_frame(motion: str) -> None:
    for number in range(-5, 70):
        view = view_at(motion, frame=number, scene_frames=60)
        reach = 0.5 / view.zoom
        assert 1 <= view.zoom <= REACH + 1e-9
        assert reach - 1e-9 <= min(view.x, view.y)
        assert max(view.x, view.y) <= 1 - reach + 1e-9


def test_the_path_depends_on_the_scene_alone() -> None:
    assert view_at("zoom-in", frame=0, scene_frames=150).zoom == 1
    assert view_at("zoom-in", frame=149, scene_frames=150).zoom == pytest.approx(REACH)
    assert view_at("zoom-out", frame=149, scene_frames=150).zoom == 1
    assert view_at("pan-right", frame=0, scene_frames=9).x < view_at("pan-right", frame=8, scene_frames=9).x
    assert set(PANS) < set(MOTIONS)


def test_a_scene_of_one_frame_has_a_view() -> None:
    assert view_at("zoom-in", frame=0, scene_frames=1).zoom == 1


@pytest.mark.parametrize("seed", range(40))
def test_every_pixel_shows_its_place(seed: int) -> None:
    """On a ramp without rounding, brightness tells the place: whichever way a plane is drawn."""
    chance = np.random.default_rng(seed)
    scale = chance.uniform(1, 1.41)
    x, y = chance.uniform(0, 20, size=2)
    rows, columns = np.mgrid[:420, :700].astype(np.float32) * 1.5
    seen = [
        PlaneWarp(cast("Plane", source), width=480, height=270).draw(scale=scale, x=x, y=y) / 1.5
        for source in (columns, rows)
    ]
    wanted = scale * np.arange(480) + x, (scale * np.arange(270) + y)[:, None]
    for places, right in zip(seen, wanted, strict=True):
        assert np.abs(places - right).max() / scale < LUMA_TOLERANCE + FLOAT_ERROR


CASES = pytest.mark.parametrize(("scale", "x"), [(1.37, 0.185), (1.2231, 11.4), (1.0, 3.5)])


def levels_beside(scale: float, x: float, *, tolerance: float = LUMA_TOLERANCE) -> float:
    """How far a drawn ramp is from plain bilinear sampling, at most."""
    source = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    out = PlaneWarp(source, width=120, height=100, tolerance=tolerance).draw(scale=scale, x=x, y=7.25)
    return float(np.abs(out[50] - (scale * np.arange(120) + x)).max())


@CASES
def test_the_exact_way_matches_plain_bilinear_sampling(scale: float, x: float) -> None:
    assert levels_beside(scale, x, tolerance=0.0) < 0.6


@CASES
def test_the_fast_way_is_beside_it_by_no_more_than_its_rounding(scale: float, x: float) -> None:
    assert levels_beside(scale, x) < HALF + TRUNCATED
