"""Whole films: loud as promised, no frame lost at a seam, no click, and in step to the very end."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rendering import timeline
from rendering.media import cards, narration
from rendering.media.specs import SAMPLE_RATE, CardSpec, NarrationSpec
from tests.rendering.media.films import measured, quiet, voice_like, write_sound
from tests.rendering.media.stills import flat
from tests.rendering.media.whole_films import HEIGHT, WIDTH, Shot, heard, make, onset, picture

LOOKS = ("title", "quote", "list", "photo", "split", "chart")
TRANSITIONS = ("cut", "dissolve", "fade", "slide", "wipe")
TEXT = "Wind gives 38%, solar 24%, coal 19%. The rest is water, and it turns the wheel by night."
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """The text said by the natural voice: a file and its length."""
    path = str(tmp_path_factory.mktemp("voice") / "voice.flac")
    said = narration.run(NarrationSpec(out_path=path, text=TEXT, language="en"), progress=quiet)
    return path, said["duration_ms"]


@pytest.mark.parametrize("music", ["", "bright"])
@pytest.mark.parametrize("look", LOOKS)
def test_a_film_of_every_look_is_as_loud_as_promised(
    tmp_path: Path, spoken: tuple[str, int], look: str, music: str
) -> None:
    still = str(tmp_path / "card.png")
    size: dict[str, Any] = {"width": WIDTH * 4 // 3, "height": HEIGHT * 4 // 3}
    cards.run(CardSpec(out_path=still, text=TEXT, number=0, seed=TEXT, look=look, **size), progress=quiet)
    film = make(
        tmp_path, [Shot(still=still, voice=spoken[0], voice_ms=spoken[1]), Shot(still=still)], music=music
    )
    loudness, peak = measured(film.path)
    assert loudness == pytest.approx(-16, abs=1)
    assert peak <= -1.5
    assert film.levels["loudness_lufs"] == pytest.approx(loudness, abs=0.3)
    times, _ = picture(film.path)
    assert len(times) == film.frames


@pytest.mark.parametrize("fps", [24, 30, 60])
@pytest.mark.parametrize("transition", TRANSITIONS)
def test_no_frame_is_lost_or_doubled_at_a_seam(tmp_path: Path, transition: str, fps: int) -> None:
    dark, light = flat(tmp_path / "black.png", BLACK), flat(tmp_path / "white.png", WHITE)
    shots = [Shot(still=still, transition=transition, seconds=2.0) for still in (dark, light, dark)]
    film = make(tmp_path, shots, fps=fps)
    times, lights = picture(film.path)
    assert len(times) == film.frames == 6 * fps
    assert times == pytest.approx([number / fps for number in range(film.frames)], abs=1e-4)
    length = round(timeline.TRANSITION_SECONDS * fps)
    for start in film.starts[1:]:
        before, after = lights[start - 1], lights[start]
        if transition == "cut":
            assert abs(after - before) > 150
        elif transition != "fade":
            # The last frame of a scene is the first of the next, and the way there never turns back.
            assert abs(after - before) < 4
            way = lights[start - length - 1 : start]
            assert all(step * (after - way[0]) > -3 for step in (b - a for a, b in pairwise(way)))
            assert abs(way[0] - after) > 150


def test_no_click_where_scenes_meet(tmp_path: Path) -> None:
    still = flat(tmp_path / "grey.png", (90, 90, 90))
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    fade = np.clip(np.minimum(time, 2 - time) / 0.05, 0, 1)
    tone = write_sound(tmp_path / "tone.flac", 0.3 * fade * np.sin(2 * np.pi * 200 * time))
    film = make(
        tmp_path, [Shot(still=still, voice=tone, voice_ms=2000)] * 4 + [Shot(still=still)], music="calm"
    )
    samples, first = heard(film.path)
    steps = np.abs(np.diff(samples))
    everywhere = np.quantile(steps, 0.999)
    for start in film.starts[1:]:
        at = int((start / 24 - first) * SAMPLE_RATE)
        assert steps[at - SAMPLE_RATE // 50 : at + SAMPLE_RATE // 50].max() <= everywhere


def test_a_scene_without_a_voice_is_silent_and_as_long_as_asked(tmp_path: Path) -> None:
    still = flat(tmp_path / "grey.png", (90, 90, 90))
    voice = write_sound(tmp_path / "voice.flac", voice_like(2))
    film = make(tmp_path, [Shot(still=still, voice=voice, voice_ms=2000), Shot(still=still, seconds=3.0)])
    samples, first = heard(film.path)
    at = int((film.starts[1] / 24 - first) * SAMPLE_RATE)
    assert film.frames - film.starts[1] == 72
    assert np.abs(samples[at + SAMPLE_RATE // 10 :]).max() < 0.001


@pytest.mark.slow
def test_sixty_scenes_are_in_step_to_the_end(tmp_path: Path) -> None:
    """Each scene turns the light and beeps when its voice begins; lengths are odd on purpose."""
    stills = flat(tmp_path / "black.png", BLACK), flat(tmp_path / "white.png", WHITE)
    shots = []
    for number in range(60):
        milliseconds = 1300 + 37 * number % 701
        beep = np.zeros(milliseconds * SAMPLE_RATE // 1000, np.float32)
        beep[: SAMPLE_RATE // 10] = 0.5 * np.sin(
            2 * np.pi * 1000 * np.arange(SAMPLE_RATE // 10) / SAMPLE_RATE
        )
        voice = write_sound(tmp_path / f"{number}.flac", beep)
        shots.append(Shot(still=stills[number % 2], voice=voice, voice_ms=milliseconds))
    film = make(tmp_path, shots)
    times, lights = picture(film.path)
    assert len(times) == film.frames
    turns = [times[n] for n in range(1, len(lights)) if abs(lights[n] - lights[n - 1]) > 100]
    samples, first = heard(film.path)
    level = 0.3 * np.abs(samples).max()
    offsets = [
        onset(samples, first=first, after=turn + 0.05, level=level) - turn - timeline.LEAD_SECONDS
        for turn in turns
    ]
    assert len(turns) == 59
    assert max(map(abs, offsets)) <= 0.04
    assert abs(offsets[-1] - offsets[0]) <= 0.005
