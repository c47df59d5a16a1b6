"""Captions as a track of the MP4: all there, at their times, in their language, and only when asked for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from rendering.media.stitch import run
from tests.rendering.media.films import quiet, stitch_spec, write_segment

CAPTIONS = [
    {"text": "The tide & the mill", "start_ms": 250, "end_ms": 1200},
    {"text": "مرحبا", "start_ms": 1200, "end_ms": 1900},
]


def film(folder: Path, language: str) -> str:
    segments = [write_segment(folder / f"{n}.mp4", frames=24) for n in range(2)]
    spec = stitch_spec(folder, segments=segments, frames=[24, 24], captions=CAPTIONS, soft_captions=language)
    run(spec, progress=quiet)
    return spec.out_path


@pytest.mark.parametrize(("language", "code"), [("en", "eng"), ("pt-BR", "por"), ("xx", "und")])
def test_the_track_has_the_captions(tmp_path: Path, language: str, code: str) -> None:
    path = film(tmp_path, language)
    with av.open(path) as container:
        [track] = container.streams.subtitles
        assert (track.codec_context.name, track.metadata.get("language", "und")) == ("mov_text", code)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-map", "0:s", "-f", "srt", "-"]
    told = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert re.findall(r"(\d\d:\d\d:\d\d,\d+) --> (\d\d:\d\d:\d\d,\d+)\r?\n(.+)", told) == [
        ("00:00:00,250", "00:00:01,200", CAPTIONS[0]["text"]),
        ("00:00:01,200", "00:00:01,900", CAPTIONS[1]["text"]),
    ]


def test_picture_and_sound_are_as_without_it(tmp_path: Path) -> None:
    (tmp_path / "soft").mkdir()
    (tmp_path / "bare").mkdir()
    packets = []
    for language in ("en", ""):
        path = film(tmp_path / ("soft" if language else "bare"), language)
        with av.open(path) as container:
            wanted = container.demux(video=0, audio=0)
            packets.append([(p.pts, p.dts, bytes(p)) for p in wanted if p.size])
            assert len(container.streams.subtitles) == bool(language)
    assert sorted(packets[0]) == sorted(packets[1])
