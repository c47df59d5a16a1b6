"""The last step: segments and sound become one MP4, with a poster and caption files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av

from rendering.media.binaries import SAFE_INPUT, run_ffmpeg
from rendering.media.errors import MediaError
from rendering.media.outputs import whole_file
from rendering.media.specs import StitchSpec
from rendering.media.subtitles import srt, vtt
from rendering.media.verify import verify_film

POSTER_QUALITY = 85


def run(spec: StitchSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Join, verify and write the film and its companions. See StitchSpec.

    Nothing appears under its final name before the film has been verified. Raises MediaError: verify-failed,
    ffmpeg-failed, no-space.
    """
    with whole_file(spec.out_path) as path:
        _join(spec, path)
        progress(1)
        verify_film(
            str(path),
            segment_frames=spec.segment_frames,
            fps=spec.fps,
            width=spec.width,
            height=spec.height,
        )
        progress(2)
        with whole_file(spec.poster_path) as poster:
            _frame(path, spec.poster_frame, fps=spec.fps).save(
                poster, "JPEG", quality=POSTER_QUALITY, optimize=True
            )
        size = path.stat().st_size
    _write(spec.srt_path, srt(spec.captions))
    _write(spec.vtt_path, vtt(spec.captions))
    frames = sum(spec.segment_frames)
    return {"duration_ms": round(1000 * frames / spec.fps), "frames": frames, "bytes": size}


def _join(spec: StitchSpec, path: Path) -> None:
    out_dir = Path(spec.out_path).parent
    with TemporaryDirectory(dir=out_dir) as directory:
        list_path = Path(directory) / "segments.txt"
        list_path.write_text(_concat_list(spec.segment_paths))
        inputs = [*SAFE_INPUT, "-f", "concat", "-safe", "0", "-i", str(list_path)]
        inputs += [*SAFE_INPUT, "-f", "mov", "-i", spec.sound_path]
        mapping = ["-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-map_metadata", "-1"]
        flags = ["-movflags", "+faststart", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
        title = ["-metadata", f"title={spec.title}"] if spec.title else []
        timescale = ["-video_track_timescale", "90000"]
        run_ffmpeg(
            [*inputs, *mapping, *flags, *title, *timescale, "-f", "mp4", str(path)], directory=out_dir
        )


def _concat_list(paths: list[str]) -> str:
    """ffconcat; a quote in a path ends the quoted part, escapes itself and goes on."""
    quoted = (path.replace("'", "'\\''") for path in paths)
    return "ffconcat version 1.0\n" + "".join(f"file 'file:{path}'\n" for path in quoted)


def _frame(path: Path, number: int, *, fps: int) -> Any:
    """Frame `number` as a picture."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        film.seek(int(number / fps / float(stream.time_base or 1)), stream=stream)
        for frame in film.decode(stream):
            if frame.pts is not None and round(float(frame.pts * stream.time_base) * fps) >= number:
                return frame.to_image()
    raise MediaError("verify-failed", "The poster's frame is missing.", retryable=True)


def _write(path: str, text: str) -> None:
    with whole_file(path) as target:
        target.write_text(text, encoding="utf-8")
