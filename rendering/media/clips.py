"""Video clips: looked at, made anew in slices without sound, and drawn as the picture of a scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import av
import cv2
import numpy as np
from av.stream import Disposition

from rendering.media.encoder import segment_writer
from rendering.media.errors import MediaError
from rendering.media.foreign import VIDEO, opened
from rendering.media.joining import TIMESCALE, Picture, Segment, join_silent
from rendering.media.outputs import whole_file
from rendering.media.planes import Plane, Planes
from rendering.media.specs import ClipSpec, JoinSpec, ProbeSpec

FPS = 30
SLICE_FRAMES = 150
LONGEST_SIDE = 1920
MOST_PIXELS = 3840 * 2160
SHORTEST_SIDE = 16
_BT709, _LIMITED = 1, 1

Progress = Callable[[int], None]


def probe(spec: ProbeSpec, *, progress: Progress) -> dict[str, Any]:
    """What a file is, decoding one picture at most. See ProbeSpec.

    Raises MediaError: unsupported-kind, too-many-streams, video-broken, video-too-large.
    """
    with opened(spec.in_path, allowed=VIDEO, what="video") as source:
        films = [one for one in source.streams.video if not one.disposition & Disposition.attached_pic]
        if not films:
            return {"kind": "audio"}
        stream = films[0]
        _refuse_size(stream.codec_context.width, stream.codec_context.height)
        frame = next(source.decode(stream), None)
        if frame is None:
            raise MediaError("video-broken", "This video has no picture that can be decoded.")
        width, height = _shown_size(frame)
        seconds = float(source.duration or 0) / av.time_base
    progress(1)
    return {"kind": "video", "width": width, "height": height, "seconds": round(max(seconds, 1 / FPS), 3)}


def run(spec: ClipSpec, *, progress: Progress) -> dict[str, Any]:
    """Make one slice of a clip anew. See ClipSpec; frames is less than asked for at the clip's end."""
    size = {"width": spec.width, "height": spec.height, "fps": FPS}
    frames = 0
    with opened(spec.in_path, allowed=VIDEO, what="video") as source:
        with whole_file(spec.out_path) as path, segment_writer(path, **size, quality="final") as writer:
            planes = Planes.empty(spec.width, spec.height)
            for shown in islice(_at_rate(source, first=spec.first_frame), spec.frame_count):
                _draw(shown, planes)
                writer.write(planes)
                frames += 1
                progress(frames)
            if not frames:
                # An empty file cannot be finished, and is not wanted.
                raise MediaError("clip-over", "The clip ends here.")
    return {"frames": frames}


def join(spec: JoinSpec, *, progress: Progress) -> dict[str, Any]:
    """Slices into one silent MP4 by stream copy, and its first picture as a JPEG. See JoinSpec."""
    picture = Picture(
        segments=list(map(Segment, spec.slice_paths, spec.slice_frames)),
        width=spec.width,
        height=spec.height,
        fps=FPS,
    )
    with whole_file(spec.out_path) as path:
        join_silent(picture, path)
        first = next(ClipFrames(str(path), frames=1, fps=FPS).rgb())
    with whole_file(spec.poster_path) as path:
        done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(first, cv2.COLOR_RGB2BGR))
        if not done:
            raise MediaError("encoder-failed", "The first picture could not be written.", retryable=True)
        path.write_bytes(jpeg.tobytes())
    progress(1)
    return {"frames": sum(spec.slice_frames)}


def kept_size(width: int, height: int) -> tuple[int, int]:
    """The size a clip is kept at: as it is, or with LONGEST_SIDE; even numbers."""
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


@dataclass
class ClipFrames:
    """The pictures of a clip that we made, at the times of a scene; a short clip begins again."""

    path: str
    frames: int
    fps: int

    def __post_init__(self) -> None:
        self._at = -1
        self._decoder: Iterator[Any] = iter(())
        self._container: Any = None
        self._shown: Planes | None = None

    def draw(self, frame: int, out: Planes) -> None:
        """Fill `out` with what the clip shows at frame `frame` of the scene, cropped to its shape."""
        self._seek(int(Fraction(frame * FPS, self.fps)) % max(1, self.frames))
        if self._shown is None:
            raise MediaError("clip-broken", "The clip of this scene cannot be read.")
        _fill(self._shown, out)

    def rgb(self) -> Iterator[Plane]:
        """The pictures from the beginning, as RGB."""
        with av.open(f"file:{self.path}", format="mp4") as container:
            for frame in container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)

    def _seek(self, wanted: int) -> None:
        if wanted == self._at:
            return
        if wanted < self._at or self._container is None or wanted > self._at + 2 * FPS:
            self._open(wanted)
        for decoded in self._decoder:
            self._at = round(float(decoded.pts * decoded.time_base) * FPS)
            if self._at >= wanted:
                self._shown = _planes(decoded)
                return

    def _open(self, wanted: int) -> None:
        if self._container is not None:
            self._container.close()
        self._container = av.open(f"file:{self.path}", format="mp4", options={"protocol_whitelist": "file"})
        stream = self._container.streams.video[0]
        stream.codec_context.thread_count = 1
        self._container.seek(wanted * TIMESCALE // FPS, stream=stream, backward=True)
        self._decoder = self._container.decode(stream)
        self._at = -1


def _at_rate(source: Any, *, first: int) -> Iterator[Any]:
    """The source's pictures, each as often as FPS shows it, from output frame `first` on."""
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 1
    start = float((stream.start_time or 0) * stream.time_base)
    begins = start + first / FPS
    if first:
        source.seek(int(begins / stream.time_base), stream=stream, backward=True)
    number, held = first, None
    for frame in source.decode(stream):
        _refuse_size(frame.width, frame.height)
        if frame.pts is None:
            continue
        # What is on screen until this picture's time is the one before it.
        while held is not None and start + number / FPS < frame.time - 1e-4:
            yield held
            number += 1
        held = frame
    # The last picture stays until the film's end, which a broken index may put anywhere.
    ends = start + float((stream.duration or 0) * stream.time_base)
    last = held.time if held is not None else 0.0
    while held is not None and start + number / FPS < max(last + 1e-3, min(ends, last + 10)) - 1e-4:
        yield held
        number += 1


def _draw(frame: Any, out: Planes) -> None:
    turned = _turned(_planes(_converted(frame)), int(getattr(frame, "rotation", 0)))
    _fill(turned, out)


def _converted(frame: Any) -> Any:
    """As BT.709 in limited range, which the encoder's planes hold; sizes are made even."""
    width, height = frame.width // 2 * 2, frame.height // 2 * 2
    return frame.reformat(
        width=width, height=height, format="nv12", dst_colorspace=_BT709, dst_color_range=_LIMITED
    )


def _planes(frame: Any) -> Planes:
    whole = frame.to_ndarray(format="nv12")
    height, width = frame.height, frame.width
    return Planes(whole[:height], whole[height:].reshape(height // 2, width // 2, 2))


def _turned(planes: Planes, degrees: int) -> Planes:
    """Upright: phones store how they were held instead of turning the picture."""
    quarters = round(degrees / 90) % 4
    return (
        Planes(*(np.ascontiguousarray(np.rot90(plane, quarters)) for plane in planes)) if quarters else planes
    )


def _fill(source: Planes, out: Planes) -> None:
    """Scale and crop to the shape of `out`, as a still is."""
    height, width = out.y.shape
    ratio = min(source.y.shape[1] / width, source.y.shape[0] / height)
    for plane, target, share in zip(source, out, (1, 2), strict=True):
        across = min(plane.shape[1], max(1, round(width * ratio / share)))
        down = min(plane.shape[0], max(1, round(height * ratio / share)))
        left, top = (plane.shape[1] - across) // 2, (plane.shape[0] - down) // 2
        part = plane[top : top + down, left : left + across]
        if part.shape == target.shape:
            np.copyto(target, part)
            continue
        method = cv2.INTER_AREA if ratio > 1 else cv2.INTER_CUBIC
        np.copyto(target, cv2.resize(part, (target.shape[1], target.shape[0]), interpolation=method))


def _shown_size(frame: Any) -> tuple[int, int]:
    _refuse_size(frame.width, frame.height)
    is_turned = round(int(getattr(frame, "rotation", 0)) / 90) % 2
    return (frame.height, frame.width) if is_turned else (frame.width, frame.height)


def _refuse_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise MediaError("video-too-large", "This video has more pixels than 4K.")
    if min(width, height) < SHORTEST_SIDE:
        raise MediaError("video-too-small", f"Each side of a video needs at least {SHORTEST_SIDE} pixels.")
