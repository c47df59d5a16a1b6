"""Stitching: the film is exactly its segments and its sound, or it is refused and nothing appears."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from rendering.media import stitch
from rendering.media.errors import MediaError
from rendering.media.outputs import checksum
from rendering.media.specs import SAMPLE_RATE, StitchSpec
from rendering.media.verify import verify_film
from tests.rendering.media.films import FPS, HEIGHT, WIDTH, make_sound, quiet, stitch_spec, write_segment


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Segments by their number of frames; the longest has two groups of pictures."""
    folder = tmp_path_factory.mktemp("segments")
    return {
        frames: write_segment(folder / f"{frames}.mp4", frames=frames, light=40 + frames)
        for frames in (1, 2, 3, 10, 17, 60)
    }


def test_sixty_scenes_have_exact_picture_and_sound(tmp_path: Path, segments: dict[int, str]) -> None:
    frames = [(1, 2, 3, 10, 17, 60)[number % 6] for number in range(60)]
    spec = stitch_spec(tmp_path, segments=[segments[count] for count in frames], frames=frames)
    told = stitch.run(spec, progress=quiet)
    total = sum(frames)
    assert told["frames"] == total
    with av.open(spec.out_path) as film:
        times = [frame.pts or 0 for frame in film.decode(video=0)]
        assert {later - earlier for earlier, later in pairwise(times)} == {90_000 // FPS}
        assert (times[0], len(times)) == (0, total)
        assert film.duration == round(total * av.time_base / FPS)
    with av.open(spec.out_path) as film:
        lengths = [packet.duration or 0 for packet in film.demux(audio=0) if packet.size]
        assert sum(lengths) - 1024 == total * SAMPLE_RATE // FPS


def test_every_frame_is_the_one_of_its_segment(tmp_path: Path, segments: dict[int, str]) -> None:
    order = [10, 60, 3, 1, 17]
    spec = stitch_spec(tmp_path, segments=[segments[count] for count in order], frames=order)
    stitch.run(spec, progress=quiet)
    expected = [digest for count in order for digest in _pictures(segments[count])]
    assert _pictures(spec.out_path) == expected


def test_the_film_can_be_played_while_it_loads_and_carries_only_a_title(
    tmp_path: Path, segments: dict[int, str]
) -> None:
    spec = stitch_spec(tmp_path, segments=[segments[10]], frames=[10], title="Die Mühle")
    stitch.run(spec, progress=quiet)
    data = Path(spec.out_path).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(spec.out_path) as film:
        assert film.metadata["title"] == "Die Mühle"
        assert set(film.metadata) <= {"title", "major_brand", "minor_version", "compatible_brands"}


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, segments: dict[int, str]) -> None:
    spec = stitch_spec(tmp_path, segments=[segments[10], segments[17]], frames=[10, 17])
    films = []
    for _ in range(2):
        stitch.run(spec, progress=quiet)
        films.append(Path(spec.out_path).read_bytes())
    assert films[0] == films[1]


def test_the_poster_shows_the_frame_asked_for(tmp_path: Path, segments: dict[int, str]) -> None:
    spec = stitch_spec(tmp_path, segments=[segments[60], segments[10]], frames=[60, 10], poster_frame=65)
    stitch.run(spec, progress=quiet)
    with Image.open(spec.poster_path) as poster:
        assert poster.size == (WIDTH, HEIGHT)
        light = np.median(np.asarray(poster.convert("L")))
    assert light == pytest.approx((40 + 10 - 16) * 255 / 219, abs=6)


def _blot(path: Path) -> None:
    """Zeros where a block of the disk was never written."""
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    data[at : at + 64] = bytes(64)
    path.write_bytes(data)


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    ("break_segment", "reason"),
    [
        (lambda path: path.unlink(), "No such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), "2.mp4 cannot be read|damaged|frames"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_bytes(b"#EXTM3U\nhttp://example.org/x.ts\n"), "cannot be read"),
        (lambda path: write_segment(path, frames=9), "Segment 2 has 9 of 10 frames"),
        (lambda path: write_segment(path, frames=11), "Segment 2 has 11 of 10 frames"),
        (lambda path: write_segment(path, frames=10, width=96), "Segment 2 is 96 by 36"),
        (_blot, "Segment 2 is damaged"),
    ],
    ids=["missing", "truncated", "empty", "playlist", "short", "long", "other size", "zeros inside"],
)
def test_a_bad_segment_is_refused_and_nothing_appears(
    tmp_path: Path, segments: dict[int, str], break_segment: Any, reason: str
) -> None:
    bad = tmp_path / "2.mp4"
    write_segment(bad, frames=10)
    break_segment(bad)
    folder = tmp_path / "out"
    folder.mkdir()
    spec = stitch_spec(folder, segments=[segments[10], str(bad), segments[3]], frames=[10, 10, 3])
    with pytest.raises(MediaError, match=reason) as refusal:
        stitch.run(spec, progress=quiet)
    assert refusal.value.code == "segment-broken"
    assert [path.name for path in folder.iterdir()] == ["sound.m4a"]


@pytest.mark.fault(20)
def test_a_segment_with_one_other_bit_is_refused(tmp_path: Path, segments: dict[int, str]) -> None:
    path = Path(write_segment(tmp_path / "2.mp4", frames=10))
    made = [checksum(Path(segments[3])), checksum(path)]
    data = bytearray(path.read_bytes())
    # Inside a picture, where every length stays what it was.
    data[data.index(b"mdat") + 700] ^= 1
    path.write_bytes(data)
    spec = stitch_spec(tmp_path, segments=[segments[3], str(path)], frames=[3, 10], segment_checksums=made)
    with pytest.raises(MediaError, match="Segment 2 is not what was made"):
        stitch.run(spec, progress=quiet)


def test_a_sound_of_another_length_is_refused(tmp_path: Path, segments: dict[int, str]) -> None:
    sound, _ = make_sound(tmp_path, frames=9, sounds=[])
    spec = stitch_spec(tmp_path, segments=[segments[10]], frames=[10], sound_path=sound)
    with pytest.raises(MediaError, match="sound ends at sample 18000 of 20000") as refusal:
        stitch.run(spec, progress=quiet)
    assert refusal.value.code == "verify-failed"
    assert not Path(spec.out_path).exists()


def test_a_missing_sound_is_refused(tmp_path: Path, segments: dict[int, str]) -> None:
    spec = stitch_spec(tmp_path, segments=[segments[10]], frames=[10], sound_path=str(tmp_path / "none.m4a"))
    with pytest.raises(MediaError) as refusal:
        stitch.run(spec, progress=quiet)
    assert refusal.value.code == "sound-broken"


@pytest.fixture
def film(tmp_path: Path, segments: dict[int, str]) -> StitchSpec:
    """A good film of two segments."""
    spec = stitch_spec(tmp_path, segments=[segments[10], segments[17]], frames=[10, 17])
    stitch.run(spec, progress=quiet)
    return spec


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"segment_frames": [10, 18]}, "27 of 28 frames"),
        ({"segment_frames": [11, 16]}, "does not begin with a picture"),
        ({"segment_frames": [10, 17], "checksum": 1}, "not those of its segments"),
    ],
    ids=["too few frames", "seam elsewhere", "other frames"],
)
def test_verification_finds_what_is_wrong(film: StitchSpec, claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(MediaError, match=reason):
        verify_film(film.out_path, fps=FPS, **claims)


@pytest.mark.fault(20)
def test_verification_finds_a_cut_film(film: StitchSpec) -> None:
    path = Path(film.out_path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(MediaError) as refusal:
        verify_film(film.out_path, segment_frames=[10, 17], fps=FPS)
    assert refusal.value.code == "verify-failed"


def _pictures(path: str) -> list[str]:
    with av.open(path) as film:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in film.decode(video=0)]
