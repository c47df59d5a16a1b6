"""Segments and sound into one MP4 by copying packets. Nothing is decoded or encoded.

libav's concat demuxer joins without a word when a segment is missing or cut short, so segments are opened
here one by one and each packet is checked as it passes.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.media import soft_captions
from rendering.media.containers import open_header, open_mp4
from rendering.media.errors import MediaError, is_disk_full, write_error
from rendering.media.outputs import checksum
from rendering.media.specs import SAMPLE_RATE

TIMESCALE = 90_000
REORDERED = 2  # frames that x264's presets up to "slow" decode before they are shown

Timed = tuple[float, av.Packet]


@dataclass(frozen=True)
class Segment:
    """A file, the number of frames it must have, and its CRC-32 where that is known."""

    path: str
    frames: int
    checksum: int | None = None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The segments in order, and what they look like."""

    segments: Sequence[Segment]
    width: int
    height: int
    fps: int


def join(
    picture: Picture, sound_path: str, path: Path, *, title: str,
    captions: Sequence[Mapping[str, Any]] = (), language: str = "",
) -> int:  # fmt: skip
    """Write the film; returns the checksum of its video packets, for `verify_film` to find again.

    With a `language` it gets a track of `captions`, {"text", "start_ms", "end_ms"}.

    Raises MediaError: segment-broken when a segment is not what was said, sound-broken, no-space.
    """
    joiner = _Joiner(picture)
    try:
        with (
            _opened(open_header, picture.segments[0].path) as pattern,
            _opened(open_mp4, sound_path, code="sound-broken") as sound,
            av.open(str(path), "w", format="mp4", options=_OPTIONS) as film,
        ):
            film.metadata.update({"title": title} if title else {})
            video = film.add_stream_from_template(pattern.streams.video[0])
            audio = film.add_stream_from_template(sound.streams.audio[0])
            tracks = [joiner.packets(video), _sound(sound, audio)]
            if language:
                tracks.append(
                    soft_captions.packets(soft_captions.add_track(film, language=language), captions)
                )
            for _, packet in heapq.merge(*tracks, key=lambda one: one[0]):
                film.mux_one(packet)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise write_error(error) from error
        raise MediaError("encoder-failed", f"The film was not written: {error}.", retryable=True) from error
    return joiner.checksum


_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact", "video_track_timescale": str(TIMESCALE)}


def join_silent(picture: Picture, path: Path) -> None:
    """Write segments as one film without sound. Raises MediaError as `join` does."""
    joiner = _Joiner(picture)
    try:
        with (
            _opened(open_header, picture.segments[0].path) as pattern,
            av.open(str(path), "w", format="mp4", options=_OPTIONS) as film,
        ):
            video = film.add_stream_from_template(pattern.streams.video[0])
            for _, packet in joiner.packets(video):
                film.mux_one(packet)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise write_error(error) from error
        raise MediaError("encoder-failed", f"The clip was not written: {error}.", retryable=True) from error


class _Joiner:
    """Passes the packets of all segments on, each moved to its place in the film."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._settings = b""
        self.checksum = 0

    def packets(self, target: av.VideoStream) -> Iterator[Timed]:
        """Video packets in decoding order, with their time in seconds."""
        first = 0
        for number, segment in enumerate(self._picture.segments, start=1):
            with _opened(open_header, segment.path) as container:
                source = container.streams.video[0]
                self._check_settings(source, number)
                for index, packet in enumerate(_checked(container, segment, number), start=first):
                    shown, decoded = self._place(packet, first=first, index=index)
                    if shown < decoded:
                        raise _broken(number, "needs its frames in another order")
                    packet.stream = target
                    yield decoded / TIMESCALE, packet
            first += segment.frames

    def _place(self, packet: av.Packet, *, first: int, index: int) -> tuple[int, int]:
        """Move the film's packet `index` to the segment beginning with frame `first`; its new times."""
        step = TIMESCALE // self._picture.fps
        shown = (packet.pts or 0) + first * step
        # Very short segments reorder less, so times for the decoder cannot simply be moved.
        decoded = (index - REORDERED) * step
        packet.pts, packet.dts, packet.duration = shown, decoded, step
        self.checksum = zlib.crc32(packet, self.checksum)
        return shown, decoded

    def _check_settings(self, source: av.VideoStream, number: int) -> None:
        """Players read the first segment's settings and decode all others by them."""
        codec = source.codec_context
        self._settings = self._settings or bytes(codec.extradata or b"")
        size = (self._picture.width, self._picture.height)
        if (codec.width, codec.height) != size or source.time_base != Fraction(1, TIMESCALE):
            raise _broken(number, f"is {codec.width} by {codec.height}")
        if bytes(codec.extradata or b"") != self._settings:
            raise _broken(number, "was encoded with other settings")


def _checked(container: av.container.InputContainer, segment: Segment, number: int) -> Iterator[av.Packet]:
    """The packets of a segment, which must be whole, as many as said, and begin with a key frame."""
    if segment.checksum not in (None, checksum(Path(segment.path))):
        raise _broken(number, "is not what was made")
    seen = 0
    for packet in container.demux(video=0):
        if not packet.size:
            continue
        if packet.pts is None or packet.dts is None or packet.is_corrupt or not is_whole(bytes(packet)):
            raise _broken(number, f"is damaged at frame {seen}")
        if seen == 0 and not packet.is_keyframe:
            raise _broken(number, "does not begin with a key frame")
        seen += 1
        yield packet
    if seen != segment.frames:
        raise _broken(number, f"has {seen} of {segment.frames} frames")


def is_whole(data: bytes) -> bool:
    """Whether the lengths of the H.264 units in a packet add up (ISO/IEC 14496-15, four-byte lengths)."""
    at = 0
    while at + 4 < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if not length:
            return False
        at += 4 + length
    return at == len(data) > 0


def _sound(sound: av.container.InputContainer, target: av.AudioStream) -> Iterator[Timed]:
    for packet in sound.demux(sound.streams.audio[0]):
        if packet.size and packet.dts is not None:
            packet.stream = target
            yield packet.dts / SAMPLE_RATE, packet


def _opened(
    way: Callable[[str], av.container.InputContainer], path: str, *, code: str = "segment-broken"
) -> av.container.InputContainer:
    try:
        return way(path)
    except av.FFmpegError as error:
        detail = f"{Path(path).name} cannot be read: {error.strerror}."
        raise MediaError(code, detail, retryable=True) from error


def _broken(number: int, what: str) -> MediaError:
    return MediaError("segment-broken", f"Segment {number} {what}.", retryable=True)
