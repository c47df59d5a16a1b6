"""Is the film whole? Read back from the file itself, because headers lie about length.

Every packet is read: no frame is missing, doubled or late, and each segment begins with a key frame. The
video packets have the checksum of those that were copied from the segments, so each is byte for byte what its
segment held. A segment is the file that was made (joining.py), and that began with a picture that decodes
(encoder.py). Decoding all of them anew would cost 2.3 s of CPU a minute at 1080p30, and a long film in 4K
would not fit the time limit of a step.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import av

from rendering.media.containers import open_header
from rendering.media.errors import MediaError
from rendering.media.joining import TIMESCALE, is_whole
from rendering.media.specs import SAMPLE_RATE

AAC_FRAME = 1024  # samples; the first frame is priming


def verify_film(path: str, *, segment_frames: Sequence[int], fps: int, checksum: int | None = None) -> None:
    """Refuse a film that is not exactly its segments and its sound. Raises MediaError("verify-failed").

    `checksum` is what `joining.join` returned.
    """
    try:
        with open_header(path) as film:
            picture = _Picture(film.streams.video[0], segment_frames, fps=fps)
            sound = _Sound(film.streams.audio[0])
            for packet in film.demux(video=0, audio=0):
                if packet.size:
                    (picture if packet.stream.type == "video" else sound).take(packet)
            picture.check(checksum)
            sound.check(samples=sum(segment_frames) * SAMPLE_RATE // fps)
    except (av.FFmpegError, IndexError) as error:
        raise _failed(f"it cannot be read ({type(error).__name__})") from error


class _Picture:
    """What has been seen of the video."""

    def __init__(self, stream: av.VideoStream, segment_frames: Sequence[int], *, fps: int) -> None:
        if stream.time_base != Fraction(1, TIMESCALE):
            raise _failed("its clock is another")
        self._step = TIMESCALE // fps
        self._frames = sum(segment_frames)
        self._seams = set([0, *accumulate(segment_frames)][:-1])
        self._times: list[int] = []
        self._opened: set[int] = set()
        self._checksum = 0
        # Some players start a film late rather than show this: nothing may come before the first frame.
        self._begins = stream.start_time or 0

    def take(self, packet: av.Packet) -> None:
        """Look at one packet."""
        if packet.pts is None or not is_whole(bytes(packet)):
            raise _failed(f"frame {len(self._times)} is damaged")
        self._times.append(packet.pts)
        self._checksum = zlib.crc32(packet, self._checksum)
        if packet.is_keyframe:
            self._opened.add(packet.pts // self._step)

    def check(self, checksum: int | None) -> None:
        """Raise MediaError unless all of it was right."""
        if len(self._times) != self._frames:
            raise _failed(f"it has {len(self._times)} of {self._frames} frames")
        if sorted(self._times) != [self._step * number for number in range(self._frames)] or self._begins:
            raise _failed("its frames are not evenly spaced")
        if not self._seams <= self._opened:
            raise _failed("a segment does not begin with a picture")
        if checksum is not None and checksum != self._checksum:
            raise _failed("its frames are not those of its segments")


class _Sound:
    """What has been seen of the audio."""

    def __init__(self, stream: av.AudioStream) -> None:
        self._rate = stream.codec_context.sample_rate
        self._first: int | None = None
        self._end = 0

    def take(self, packet: av.Packet) -> None:
        """Look at one packet."""
        if packet.pts is None or packet.is_corrupt:
            raise _failed("its sound is damaged")
        if self._first is not None and packet.pts != self._end:
            raise _failed("its sound has a gap")
        self._first = packet.pts if self._first is None else self._first
        self._end = packet.pts + (packet.duration or 0)

    def check(self, *, samples: int) -> None:
        """Raise MediaError unless the sound begins with the picture and is exactly as long."""
        if (self._rate, self._first, self._end) != (SAMPLE_RATE, -AAC_FRAME, samples):
            raise _failed(f"its sound ends at sample {self._end} of {samples}")


def _failed(reason: str) -> MediaError:
    return MediaError("verify-failed", f"The film is not what it should be: {reason}.", retryable=True)
