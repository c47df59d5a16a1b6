"""Uploaded music: as loud as the loops, round without a click, below the voice."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest

from rendering.media import sound
from rendering.media.errors import MediaError
from rendering.media.music import DUCKED, LEVEL
from rendering.media.music_files import piece
from rendering.media.specs import SAMPLE_RATE, SoundSpec
from tests.rendering.media.films import hear, measured, quiet, voice_like, write_sound


def tune(path: Path, seconds: float, *, level: float = 0.3) -> str:
    """A chord that stops in the middle of its waves."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = np.sin(2 * np.pi * 221.3 * time) + np.sin(2 * np.pi * 331.7 * time)
    return write_sound(path, np.asarray(chord * level / 2, np.float32))


def played(path: str, *, seconds: float) -> np.ndarray:
    samples = int(seconds * SAMPLE_RATE)
    with TemporaryFile() as scratch:
        music = np.array(piece(path, samples=samples, scratch=scratch))
    return music[np.arange(samples) % len(music)]


@pytest.mark.parametrize("level", [0.02, 0.9])
def test_it_is_as_loud_as_the_loops(tmp_path: Path, level: float) -> None:
    music = played(tune(tmp_path / "tune.flac", 8, level=level), seconds=6)
    assert np.sqrt(np.mean(music**2)) == pytest.approx(LEVEL, rel=0.1)


def test_it_goes_round_without_a_click(tmp_path: Path) -> None:
    music = played(tune(tmp_path / "tune.flac", 5), seconds=20)
    steps = np.abs(np.diff(music))
    assert steps.max() < 1.6 * np.quantile(steps, 0.99)


def test_a_long_piece_is_read_only_as_far_as_it_is_heard(tmp_path: Path) -> None:
    path = tune(tmp_path / "tune.flac", 40)
    with TemporaryFile() as scratch:
        music = piece(path, samples=SAMPLE_RATE, scratch=scratch)
        assert len(music) < 4 * SAMPLE_RATE


def test_half_a_second_is_no_music(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as caught, TemporaryFile() as scratch:
        piece(tune(tmp_path / "tune.flac", 0.2), samples=SAMPLE_RATE, scratch=scratch)
    assert caught.value.code == "sound-broken"


def test_it_is_turned_down_while_somebody_speaks(tmp_path: Path) -> None:
    voice = write_sound(tmp_path / "voice.flac", voice_like(4))
    spec = SoundSpec(
        out_path=str(tmp_path / "sound.m4a"), sounds=[{"path": voice, "start_frame": 4 * 24}], frames=14 * 24,
        fps=24, music_path=tune(tmp_path / "tune.flac", 9),
    )  # fmt: skip
    result = sound.run(spec, progress=quiet)
    heard = hear(spec.out_path)
    before, under = (bed(heard, at) for at in (2.0, 6.0))
    assert under == pytest.approx(before * DUCKED, rel=0.35)
    loudness, peak = measured(spec.out_path)
    assert loudness == pytest.approx(-16, abs=1)
    assert peak <= -1.5
    assert result["loudness_lufs"] == pytest.approx(loudness, abs=0.2)


def bed(heard: np.ndarray, at: float) -> float:
    """How strong the tune's lower note is around a time."""
    part = heard[int(at * SAMPLE_RATE) : int((at + 1) * SAMPLE_RATE)]
    time = np.arange(len(part)) / SAMPLE_RATE
    return float(np.abs(np.mean(part * np.exp(-2j * np.pi * 221.3 * time))))
