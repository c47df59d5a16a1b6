"""Segments join exactly, repeat exactly, and enter and leave as told."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from rendering.media import host
from rendering.media.errors import MediaError
from rendering.media.frames import SceneFrames
from rendering.media.motion import is_quick_pan
from rendering.media.segments import fingerprint, run, run_frame
from rendering.media.specs import FrameSpec, SegmentSpec
from tests.rendering.media.stills import HEIGHT, WIDTH, flat, segment_spec

CAPTIONS = [{"text": "A caption", "start_frame": 8, "end_frame": 24}]


def render(spec: SegmentSpec) -> dict[str, Any]:
    return run(spec, progress=lambda _: None)


def frames_of(spec: SegmentSpec) -> list[bytes]:
    """The frames given to the encoder."""
    scene, frames = SceneFrames(spec), []
    for number in range(spec.first_frame, spec.first_frame + spec.frame_count):
        frames.append(b"".join(plane.tobytes() for plane in scene.draw(number)))
    return frames


def luma(spec: SegmentSpec, number: int) -> float:
    return float(np.frombuffer(frames_of(spec)[number], np.uint8)[: WIDTH * HEIGHT].mean())


def test_a_segment_has_every_frame_at_its_time_and_is_tagged(tmp_path: Path) -> None:
    done: list[int] = []
    spec = segment_spec(tmp_path, frame_count=70, scene_frames=70, captions=CAPTIONS)
    assert run(spec, progress=done.append) == {"frames": 70, "bytes": Path(spec.out_path).stat().st_size}
    assert done == list(range(1, 71))
    with av.open(spec.out_path) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        assert len(container.streams) == 1
        frames = [(frame.pts, frame.key_frame) for frame in container.decode(stream)]
    assert [pts for pts, _ in frames] == [3000 * number for number in range(70)]
    assert [number for number, (_, is_key) in enumerate(frames) if is_key] == [0, 60]
    assert (codec.name, codec.profile, codec.pix_fmt) == ("h264", "High", "yuv420p")
    assert (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range) == (1, 1, 1, 1)


def test_two_segments_of_a_scene_have_the_frames_of_one(tmp_path: Path) -> None:
    whole = segment_spec(tmp_path, captions=CAPTIONS, transition="fade", transition_frames=6)
    parts = [
        segment_spec(
            tmp_path, captions=CAPTIONS, transition="fade", transition_frames=6,
            first_frame=first, frame_count=count,
        )
        for first, count in ((0, 17), (17, 13))
    ]  # fmt: skip
    assert frames_of(whole) == frames_of(parts[0]) + frames_of(parts[1])


@pytest.mark.parametrize("motion", ["none", "zoom-in", "pan-right"])
def test_a_frame_is_the_same_whatever_was_drawn_before_it(tmp_path: Path, motion: str) -> None:
    spec = segment_spec(
        tmp_path, motion=motion, captions=CAPTIONS, transition="fade", transition_frames=6, fade_in_frames=4
    )
    size = {"width": spec.width, "height": spec.height}
    assert is_quick_pan(motion, scene_frames=spec.scene_frames, **size) == (motion == "pan-right")
    alone = [SceneFrames(spec).draw(number) for number in range(spec.frame_count)]
    assert frames_of(spec) == [b"".join(plane.tobytes() for plane in frame) for frame in alone]


def test_a_segment_is_the_same_whatever_its_process_made_before(tmp_path: Path) -> None:
    specs = [
        segment_spec(tmp_path, motion=motion, captions=CAPTIONS, transition=transition, transition_frames=6)
        for motion, transition in (("zoom-in", "fade"), ("pan-right", "fade"), ("zoom-in", "fade"))
    ]

    def made(owner: str) -> list[bytes]:
        files = []
        for spec in specs:
            host.run(spec, timeout_seconds=60, owner=owner)
            files.append(Path(spec.out_path).read_bytes())
        return files

    assert made("a film") == made("")


def test_the_same_spec_gives_the_same_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("one.mp4", "two.mp4"):
        spec = segment_spec(tmp_path, out_path=str(tmp_path / name), captions=CAPTIONS)
        render(spec)
        files.append(Path(spec.out_path).read_bytes())
    assert files[0] == files[1]


def test_a_dissolve_ends_on_the_opening_of_the_next_scene(tmp_path: Path) -> None:
    dark, light = flat(tmp_path / "dark.png", (20, 20, 20)), flat(tmp_path / "light.png", (220, 220, 220))
    spec = segment_spec(
        tmp_path, still_path=dark, transition="dissolve", transition_frames=10, next_still_path=light
    )
    opening = segment_spec(tmp_path, still_path=light, motion="zoom-in", frame_count=1)
    frames = frames_of(spec)
    means = [np.frombuffer(frame, np.uint8)[: WIDTH * HEIGHT].mean() for frame in frames]
    assert frames[29] == frames_of(opening)[0]
    assert means[19] == means[0]
    assert all(later > earlier for earlier, later in pairwise(means[19:]))


@pytest.mark.parametrize(("transition", "from_left"), [("slide", False), ("wipe", True)])
def test_an_edge_moves_over_the_picture_and_ends_on_the_opening_of_the_next(
    tmp_path: Path, transition: str, from_left: bool
) -> None:
    dark, light = flat(tmp_path / "dark.png", (20, 20, 20)), flat(tmp_path / "light.png", (220, 220, 220))
    spec = segment_spec(
        tmp_path, still_path=dark, transition=transition, transition_frames=10, next_still_path=light
    )
    opening = segment_spec(tmp_path, still_path=light, motion="zoom-in", frame_count=1)
    frames = frames_of(spec)
    assert frames[29] == frames_of(opening)[0]
    half = np.frombuffer(frames[24], np.uint8)
    luma_plane = half[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
    is_light = luma_plane[HEIGHT // 2] > 128
    assert is_light.any()
    assert not is_light.all()
    assert (np.diff(is_light.astype(int)) != 0).sum() == 1, "one edge"
    assert is_light[0] == from_left
    edges = [(np.frombuffer(one, np.uint8)[: WIDTH * HEIGHT] > 128).mean() for one in frames[19:]]
    assert all(later >= earlier for earlier, later in pairwise(edges))


def test_a_segment_before_the_dissolve_needs_no_next_still(tmp_path: Path) -> None:
    spec = segment_spec(
        tmp_path, transition="dissolve", transition_frames=5, next_still_path="absent.png", frame_count=25
    )
    assert len(frames_of(spec)) == 25


def test_fades_end_in_black_and_open_from_near_black(tmp_path: Path) -> None:
    still = flat(tmp_path / "white.png", (255, 255, 255))
    spec = segment_spec(
        tmp_path, still_path=still, transition="fade", transition_frames=8, fade_in_frames=8, motion="none"
    )
    assert luma(spec, 29) == 16
    assert luma(spec, 0) < luma(spec, 4) < luma(spec, 15) == 235


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320), (180, 180)])
@pytest.mark.parametrize("still_size", [(97, 61), (640, 640), (1200, 300), (16, 900)])
def test_stills_of_any_shape_fill_the_frame(
    tmp_path: Path, width: int, height: int, still_size: tuple[int, int]
) -> None:
    still = flat(tmp_path / "still.png", (200, 60, 60), size=still_size)
    spec = segment_spec(tmp_path, still_path=still, width=width, height=height, frame_count=2)
    planes = np.frombuffer(frames_of(spec)[1], np.uint8)
    assert planes[: width * height].std() == 0


def test_a_preview_is_the_frame_the_encoder_gets(tmp_path: Path) -> None:
    spec = segment_spec(tmp_path, first_frame=5, frame_count=20, captions=CAPTIONS)
    out = tmp_path / "frame.png"
    run_frame(FrameSpec(out_path=str(out), segment=spec.to_dict(), frame=7), progress=lambda _: None)
    image = Image.open(out)
    assert image.size == (WIDTH, HEIGHT)
    render(spec)
    with av.open(spec.out_path) as container:
        decoded = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)][7]
    grey = np.asarray(image.convert("L")).astype(float)
    assert np.abs(grey - decoded).mean() < 3


def test_draft_quality_and_every_frame_rate_are_sound(tmp_path: Path) -> None:
    for fps in (24, 25, 30, 50, 60):
        spec = segment_spec(tmp_path, fps=fps, frame_count=7, quality="draft")
        assert render(spec)["frames"] == 7


def test_a_broken_still_is_refused(tmp_path: Path) -> None:
    (tmp_path / "still.png").write_bytes(b"nothing")
    with pytest.raises(MediaError) as caught:
        render(segment_spec(tmp_path, still_path=str(tmp_path / "still.png")))
    assert caught.value.code == "image-broken"


@contextmanager
def little_room() -> Iterator[None]:
    """Files may grow to 1 kB, as on a full disk. Python ignores SIGXFSZ, so writes fail with EFBIG.

    Held for the deed alone: the suite's own report may be a file too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_a_clear_refusal_and_leaves_nothing(tmp_path: Path) -> None:
    still = flat(tmp_path / "still.png", (1, 2, 3), size=(64, 36))
    spec = segment_spec(tmp_path, still_path=still, captions=CAPTIONS, frame_count=30)
    with pytest.raises(MediaError) as caught, little_room():
        render(spec)
    assert caught.value.code == "no-space"
    assert list(tmp_path.iterdir()) == [Path(still)]


def test_the_fingerprint_names_renderer_encoder_and_fonts() -> None:
    assert len(fingerprint().split("-")) == 3
