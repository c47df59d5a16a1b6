"""The last step: segments and sound become one MP4, with a poster and caption files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
from PIL import Image

from rendering.media.errors import MediaError
from rendering.media.joining import TIMESCALE, Picture, join
from rendering.media.outputs import whole_file
from rendering.media.specs import StitchSpec
from rendering.media.subtitles import srt, vtt
from rendering.media.verify import THREADS, verify_film

POSTER_QUALITY = 85


def run(spec: StitchSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Join, verify and write the film and its companions. See StitchSpec.

    The same spec and inputs give the same bytes. The film appears under its final name last, when it has
    been verified and everything beside it is there. Raises MediaError: segment-broken, sound-broken,
    verify-failed, encoder-failed, no-space.
    """
    frames = sum(spec.segment_frames)
    with whole_file(spec.out_path) as path:
        picture = Picture(
            segment_paths=spec.segment_paths,
            segment_frames=spec.segment_frames,
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
        pixels = _frame(film_path, spec.poster_frame, fps=spec.fps).to_ndarray(format="rgb24")
        Image.fromarray(pixels).save(path, "JPEG", quality=POSTER_QUALITY, optimize=True)


def _frame(path: Path, number: int, *, fps: int) -> av.VideoFrame:
    """Frame `number`, decoded from the key frame before it."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = THREADS
        stream.codec_context.thread_type = "FRAME"
        at = number * TIMESCALE // fps
        film.seek(at, stream=stream)
        for frame in film.decode(stream):
            if frame.pts is not None and frame.pts >= at:
                return frame
    raise MediaError("verify-failed", "The poster's frame is missing.", retryable=True)


def _write(path: str, text: str) -> None:
    with whole_file(path) as target:
        target.write_text(text, encoding="utf-8", newline="\n")
