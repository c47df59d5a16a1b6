"""Writing frames as a video-only MP4 with x264, and checking what was written.

PyAV runs in this child process and x264 reads the planes we drew, where they lie: no frame is copied or piped
(docs/adr/0003-segment-encoder.md, 0013-frames-where-they-lie.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av

from rendering.media.containers import open_header
from rendering.media.errors import MediaError, is_disk_full, write_error
from rendering.media.planes import Planes

TIMESCALE = 90_000  # 24, 25, 30, 50 and 60 fps all divide it
GROUP_SECONDS = 2
BT709, LIMITED = 1, 1  # ITU-T H.273 code points
QUALITIES = {
    "final": {"preset": "superfast", "x264-params": "mbtree=1:b-adapt=0"},
    "draft": {"preset": "ultrafast", "x264-params": ""},
}
# Each frame the encoder looks ahead costs 30 MB at 4K; six instead of ten keep a worker under 800 MB.
LOOK_AHEAD = {"final": 10, "draft": 0}
LOOK_AHEAD_LARGE = 6
LARGE_PIXELS = 2560 * 1440
CRF = "21"


def x264_options(*, width: int, height: int, fps: int, quality: str) -> dict[str, str]:
    """The encoder's settings: one thread, closed groups of two seconds, no scene cuts of its own."""
    chosen = QUALITIES[quality]
    group = GROUP_SECONDS * fps
    ahead = min(
        LOOK_AHEAD[quality], LOOK_AHEAD_LARGE if width * height > LARGE_PIXELS else LOOK_AHEAD[quality]
    )
    fixed = f"rc-lookahead={ahead}:threads=1:keyint={group}:min-keyint={group}:scenecut=0:open-gop=0"
    x264 = f"{chosen['x264-params']}:{fixed}".lstrip(":")
    return {"preset": chosen["preset"], "crf": CRF, "profile": "high", "x264-params": x264}


class SegmentWriter:
    """An open segment, written frame by frame."""

    def __init__(self, path: Path, *, width: int, height: int, fps: int, quality: str = "final") -> None:
        # Edit lists count in the movie's timescale; in milliseconds they would cut a segment short by a tick.
        options = {
            "video_track_timescale": str(TIMESCALE),
            "movie_timescale": str(TIMESCALE),
            "fflags": "+bitexact",
        }
        self._container = av.open(str(path), "w", format="mp4", options=options)
        self._stream = self._container.add_stream("libx264", rate=fps)
        self._configure(width=width, height=height, fps=fps, quality=quality)
        self.frames = 0

    def _configure(self, *, width: int, height: int, fps: int, quality: str) -> None:
        codec = self._stream.codec_context
        codec.width, codec.height, codec.pix_fmt = width, height, "nv12"
        codec.time_base = Fraction(1, fps)
        codec.thread_count = 1
        codec.color_primaries = codec.color_trc = codec.colorspace = BT709
        codec.color_range = LIMITED
        codec.options = x264_options(width=width, height=height, fps=fps, quality=quality)

    def write(self, planes: Planes) -> None:
        """Encode the next frame. x264 takes its copy at once, so the planes may be drawn over."""
        frame = av.VideoFrame.from_dlpack(planes, format="nv12")
        frame.pts = self.frames
        self._container.mux(self._stream.encode(frame))
        self.frames += 1

    def finish(self) -> None:
        """Write the frames x264 still holds, and the index."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Give up the file, whatever state it is in."""
        try:
            self._container.close()
        except (av.FFmpegError, ValueError):
            return


@contextmanager
def segment_writer(path: Path, *, width: int, height: int, fps: int, quality: str) -> Iterator[SegmentWriter]:
    """A writer that finishes the file, or fails with MediaError no-space or encoder-failed."""
    writer = SegmentWriter(path, width=width, height=height, fps=fps, quality=quality)
    try:
        yield writer
        writer.finish()
    except av.FFmpegError as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise write_error(error) from error
        raise MediaError("encoder-failed", f"The encoder stopped: {error}.", retryable=True) from error
    finally:
        writer.abandon()


def verify_segment(path: Path, *, width: int, height: int, fps: int, frames: int) -> None:
    """Check size, frame count, even steps and closed groups, and decode the first frame.

    Decoding all would cost a sixth of the encoding. Raises MediaError("encoder-failed").
    """
    try:
        container = open_header(str(path))
    except av.FFmpegError as error:
        raise MediaError("encoder-failed", "The segment cannot be opened.", retryable=True) from error
    with container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        seen = (stream.codec_context.width, stream.codec_context.height)
        packets = [packet for packet in container.demux(stream) if packet.size]
        times = sorted(packet.pts for packet in packets if packet.pts is not None)
        keys = [packet for packet in packets if packet.is_keyframe]
        decoded = [frame for packet in [*keys[:1], None] for frame in stream.codec_context.decode(packet)]
    step = TIMESCALE // fps
    expected = [number * step for number in range(frames)]
    groups = -(-frames // (GROUP_SECONDS * fps))
    if seen != (width, height) or times != expected or (len(keys), len(decoded)) != (groups, 1):
        detail = f"The segment is damaged: {len(times)} of {frames} frames are sound."
        raise MediaError("encoder-failed", detail, retryable=True)


def fingerprint() -> str:
    """Short hash of the encoder build and settings; part of the key of every segment."""
    build = sorted(av.library_versions.items())
    parts = [
        str(build),
        av.__version__,
        str(QUALITIES),
        str((LOOK_AHEAD, LOOK_AHEAD_LARGE)),
        CRF,
        str(GROUP_SECONDS),
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
