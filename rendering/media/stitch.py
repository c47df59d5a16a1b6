"""The last step: segments and sound become one MP4, with a poster and caption files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
from PIL import Image

from rendering.media.containers import open_header
from rendering.media.errors import MediaError
from rendering.media.joining import TIMESCALE, Picture, Segment, join
from rendering.media.outputs import whole_file
from rendering.media.specs import StitchSpec
from rendering.media.subtitles import srt, vtt
from rendering.media.verify import verify_film

POSTER_QUALITY = 85


def run(spec: StitchSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Join, verify and write the film and its companions. See StitchSpec.

    The same spec and inputs give the same bytes. The film appears under its final name last, when it has
    been verified and everything beside it is there. Raises MediaError: segment-broken, sound-broken,
    verify-failed, encoder-failed, no-space.
    """
    frames = sum(spec.segment_frames)
    checksums = spec.segment_checksums or [None] * len(spec.segment_paths)
    with whole_file(spec.out_path) as path:
        picture = Picture(
            segments=list(map(Segment, spec.segment_paths, spec.segment_frames, checksums)),
            width=spec.width,
            height=spec.height,
            fps=spec.fps,
        )
        checksum = join(
            picture, spec.sound_path, path, title=spec.title, captions=spec.captions,
            language=spec.soft_captions,
        )  # fmt: skip
        progress(1)
        verify_film(str(path), segment_frames=spec.segment_frames, fps=spec.fps, checksum=checksum)
        progress(2)
        _write_poster(path, spec)
        _write(spec.srt_path, srt(spec.captions))
        _write(spec.vtt_path, vtt(spec.captions))
        size = path.stat().st_size
    return {"duration_ms": round(1000 * frames / spec.fps), "frames": frames, "bytes": size}


def _write_poster(film_path: Path, spec: StitchSpec) -> None:
    with whole_file(spec.poster_path) as path:
        pixels = _key_frame(film_path, spec.poster_frame, fps=spec.fps).to_ndarray(format="rgb24")
        Image.fromarray(pixels).save(path, "JPEG", quality=POSTER_QUALITY, optimize=True)


def _key_frame(path: Path, number: int, *, fps: int) -> av.VideoFrame:
    """The key frame that frame `number` is decoded from."""
    with open_header(str(path)) as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = 1
        film.seek(number * TIMESCALE // fps, stream=stream)
        # Nothing after it: the decoder would take in two more key frames before it lets go of this one.
        for packet in (next(film.demux(stream)), None):
            for frame in stream.codec_context.decode(packet):
                return frame
    raise MediaError("verify-failed", "The poster's frame is missing.", retryable=True)


def _write(path: str, text: str) -> None:
    with whole_file(path) as target:
        target.write_text(text, encoding="utf-8", newline="\n")
