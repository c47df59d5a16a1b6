"""Music below the voice: round without a click, room for speech, and the film keeps its level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rendering.choices import Music
from rendering.media import music
from rendering.media.music import DUCKED, Bed, loop
from rendering.media.specs import SAMPLE_RATE
from tests.rendering.media.films import FPS, hear, make_sound, measured, voice_like, write_sound

LOOPS = [choice.value for choice in Music if choice != Music.NONE]
BLOCK = 10 * SAMPLE_RATE


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_goes_round_without_a_click(name: str) -> None:
    sound = music.loop(name)
    steps = np.abs(np.diff(sound))
    assert abs(sound[0] - sound[-1]) <= steps.max()
    assert np.abs(sound).max() < 0.7
    assert level(sound) == pytest.approx(music.LEVEL, rel=0.01)


def test_the_bed_is_the_same_in_one_block_and_in_many() -> None:
    speech = np.concatenate([np.zeros(3 * SAMPLE_RATE), voice_like(9), np.zeros(8 * SAMPLE_RATE)])
    whole = speech.astype(np.float32)
    Bed(loop("calm"), samples=len(whole)).add_to(whole, 0)
    parts = speech.astype(np.float32)
    bed = Bed(loop("calm"), samples=len(parts))
    for at in range(0, len(parts), BLOCK):
        bed.add_to(parts[at : at + BLOCK], at)
    assert np.abs(whole - parts).max() < 0.05


@pytest.mark.parametrize(("name", "times"), [("quiet", 0.5), ("loud", 2.0)])
def test_its_level_can_be_chosen(name: str, times: float) -> None:
    plain, chosen = np.zeros(4 * SAMPLE_RATE, np.float32), np.zeros(4 * SAMPLE_RATE, np.float32)
    Bed(loop("calm"), samples=len(plain)).add_to(plain, 0)
    Bed(loop("calm"), samples=len(chosen), level=name).add_to(chosen, 0)
    assert chosen == pytest.approx(times * plain, abs=1e-6)


def test_music_is_down_while_somebody_speaks_and_up_again_after() -> None:
    silence = np.zeros(6 * SAMPLE_RATE, np.float32)
    voice = voice_like(6).astype(np.float32)
    mixed = np.concatenate([silence, voice, silence, silence])
    spoken = np.concatenate([silence, voice, silence, silence])
    Bed(loop("calm"), samples=len(mixed)).add_to(mixed, 0)
    bed = mixed - spoken

    def relative(first: int, last: int) -> float:
        part = slice(first * SAMPLE_RATE, last * SAMPLE_RATE)
        return level(bed[part]) / level(np.resize(music.loop("calm"), len(mixed))[part])

    assert relative(2, 5) == pytest.approx(1.0, abs=0.02)
    assert relative(8, 11) == pytest.approx(DUCKED, abs=0.05)
    assert relative(15, 18) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", LOOPS)
def test_a_film_with_music_is_as_loud_as_any_other(tmp_path: Path, name: str) -> None:
    voice = write_sound(tmp_path / "voice.flac", voice_like(8))
    path, _ = make_sound(tmp_path, frames=12 * FPS, sounds=[{"path": voice, "start_frame": FPS}], music=name)
    loudness, peak = measured(path)
    assert abs(loudness - -16) <= 1
    assert peak <= -1.5
    ends = hear(path)
    assert np.abs(ends[:48]).max() < 0.01
    assert np.abs(ends[-4800:]).max() < 0.05


def test_a_film_without_speech_has_its_music(tmp_path: Path) -> None:
    path, told = make_sound(tmp_path, frames=20 * FPS, sounds=[], music="bright")
    assert told["loudness_lufs"] == pytest.approx(-16, abs=1)
    assert level(hear(path)) > 0.02
