"""The sound of a film: in its place, at its level, exactly as long as the picture."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from rendering.media import host
from rendering.media.errors import MediaError
from rendering.media.loudness import CONTEXT, Meter, limit
from rendering.media.operations import OPERATIONS, Operation
from rendering.media.specs import SAMPLE_RATE, SoundSpec
from tests.rendering.media.films import FPS, hear, make_sound, measured, voice_like, write_sound


@pytest.mark.parametrize("level", [0.012, 0.6])
def test_speech_is_levelled_whatever_it_was(tmp_path: Path, level: float) -> None:
    voice = write_sound(tmp_path / "voice.flac", voice_like(12, level=level))
    path, told = make_sound(tmp_path, frames=13 * FPS, sounds=[{"path": voice, "start_frame": 12}])
    loudness, peak = measured(path)
    assert abs(loudness - -16) <= 0.5
    assert peak <= -1.5
    assert told["loudness_lufs"] == pytest.approx(loudness, abs=0.1)
    assert told["true_peak_dbtp"] == pytest.approx(peak, abs=0.1)


def test_a_draft_is_near_its_level_and_not_judged(tmp_path: Path) -> None:
    voice = write_sound(tmp_path / "voice.flac", voice_like(6, level=0.05))
    sounds = [{"path": voice, "start_frame": 6}]
    path, told = make_sound(tmp_path, frames=7 * FPS, sounds=sounds, quality="draft")
    loudness, peak = measured(path)
    assert abs(loudness - -16) <= 3
    assert peak <= -1
    assert (told["loudness_lufs"], told["true_peak_dbtp"]) == (None, None)


def test_a_rough_meter_is_near_an_exact_one() -> None:
    voice = voice_like(12, level=0.1)[None]
    exact, rough = Meter("mono"), Meter("mono", is_rough=True)
    for meter in (exact, rough):
        meter.push(voice)
    assert rough.level().loudness_lufs == pytest.approx(exact.level().loudness_lufs, abs=0.5)


def test_silence_stays_silent(tmp_path: Path) -> None:
    still = write_sound(tmp_path / "still.flac", np.zeros(2 * SAMPLE_RATE, np.float32))
    path, told = make_sound(tmp_path, frames=3 * FPS, sounds=[{"path": still, "start_frame": 0}])
    assert (told["loudness_lufs"], told["true_peak_dbtp"]) == (None, None)
    assert not hear(path).any()


def test_noise_below_hearing_is_not_lifted(tmp_path: Path) -> None:
    noise = write_sound(tmp_path / "noise.flac", voice_like(5, level=0.0005))
    path, told = make_sound(tmp_path, frames=5 * FPS, sounds=[{"path": noise, "start_frame": 0}])
    assert told["loudness_lufs"] is None
    assert np.abs(hear(path)).max() < 0.01


@pytest.mark.parametrize("fps", [24, 60])
def test_sounds_begin_at_their_frames_and_last_as_long_as_the_film(tmp_path: Path, fps: int) -> None:
    tone = np.sin(np.arange(SAMPLE_RATE // 4) * 2 * np.pi * 1000 / SAMPLE_RATE).astype(np.float32)
    path = write_sound(tmp_path / "tone.flac", tone)
    starts = [7, 7 + fps, 7 + 11 * fps]  # the last crosses the blocks in which sound is mixed
    frames = 12 * fps + 11
    film, told = make_sound(
        tmp_path, frames=frames, sounds=[{"path": path, "start_frame": start} for start in starts], fps=fps
    )
    samples = hear(film)
    for start in starts:
        at = start * SAMPLE_RATE // fps
        before, after = samples[at - 480 : at - 48], samples[at + 240 : at + 2400]
        assert np.abs(before).max() < 0.1 * np.abs(after).max()
    assert told["duration_ms"] == round(1000 * frames / fps)
    assert _length(film) == frames * SAMPLE_RATE // fps


def test_sounds_at_the_same_time_are_added_and_the_end_is_cut(tmp_path: Path) -> None:
    voice = write_sound(tmp_path / "voice.flac", voice_like(3))
    both = [{"path": voice, "start_frame": 0}, {"path": voice, "start_frame": FPS}]
    path, _ = make_sound(tmp_path, frames=2 * FPS, sounds=both)
    assert _length(path) == 2 * SAMPLE_RATE


def test_no_sound_at_all_is_silence_of_the_right_length(tmp_path: Path) -> None:
    path, _ = make_sound(tmp_path, frames=FPS, sounds=[])
    assert _length(path) == SAMPLE_RATE


def test_the_same_sounds_give_the_same_bytes(tmp_path: Path) -> None:
    sounds = [{"path": write_sound(tmp_path / "voice.flac", voice_like(3)), "start_frame": 0}]
    first, _ = make_sound(tmp_path, frames=3 * FPS, sounds=sounds)
    bytes_first = Path(first).read_bytes()
    second, _ = make_sound(tmp_path, frames=3 * FPS, sounds=sounds)
    assert Path(second).read_bytes() == bytes_first


def test_a_broken_narration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.flac").write_bytes(b"fLaC but not really")
    with pytest.raises(MediaError) as refusal:
        make_sound(tmp_path, frames=FPS, sounds=[{"path": str(tmp_path / "broken.flac"), "start_frame": 0}])
    assert refusal.value.code == "sound-broken"


def test_a_full_disk_is_refused_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "sound", Operation(target=OPERATIONS["sound"].target, file_bytes=100_000))
    spec = SoundSpec(out_path=str(tmp_path / "sound.m4a"), sounds=[], frames=60 * FPS, fps=FPS)
    with pytest.raises(MediaError) as refusal:
        host.run(spec, timeout_seconds=20)
    host.stop_all()
    assert refusal.value.code == "no-space"
    assert list(tmp_path.iterdir()) == []


def test_the_limiter_holds_its_ceiling_and_works_in_blocks() -> None:
    samples = voice_like(4, level=2.0)
    whole = limit(samples, ceiling=0.7)
    meter = Meter("mono")
    meter.push(whole[None])
    assert meter.level().true_peak_dbtp <= 20 * np.log10(0.7) + 0.2
    at, end = SAMPLE_RATE, 2 * SAMPLE_RATE
    block = limit(samples[at - CONTEXT : end + CONTEXT], ceiling=0.7)[CONTEXT:-CONTEXT]
    assert np.allclose(block, whole[at:end], atol=1e-4)
    assert limit(samples * 0.01, ceiling=0.7) == pytest.approx(samples * 0.01)


def _length(path: str) -> int:
    """Samples in the film's sound, without the encoder's first frame of priming."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        return sum(packet.duration or 0 for packet in container.demux(stream) if packet.size) - 1024
