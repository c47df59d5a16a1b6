"""Is the film whole? Read back from the file itself, because headers lie about length.

Every packet is read: no frame is missing, doubled or late; each segment begins with a key frame, and that
frame decodes. The video packets have the checksum of those that were copied from the segments, so each is
byte for byte what its segment held, and whole by its own lengths. Decoding all of them too would find only a
bit that flipped inside a picture. It would cost 2.3 s of CPU a minute at 1080p30, and a long film in 4K would
not fit the time limit of a step.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import av

from rendering.media.errors import MediaError
from rendering.media.joining import TIMESCALE, is_whole
from rendering.media.specs import SAMPLE_RATE

THREADS = 2
AAC_FRAME = 1024  # samples; the first frame is priming


def verify_film(path: str, *, segment_frames: Sequence[int], fps: int, checksum: int | None = None) -> None:
    """Refuse a film that is not exactly its segments and its sound. Raises MediaError("verify-failed").

    `checksum` is what `joining.join` returned.
    """
    try:
        with av.open(path) as film:
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
        self._stream = stream
        if stream.time_base != Fraction(1, TIMESCALE):
            raise _failed("its clock is another")
        self._step = TIMESCALE // fps
        self._frames = sum(segment_frames)
        self._seams = set([0, *accumulate(segment_frames)][:-1])
        self._times: list[int] = []
        self._opened: list[int] = []
        self._checksum = 0
        # Some players start a film late rather than show this: nothing may come before the first frame.
        self._begins = stream.start_time or 0
        # Key frames need nobody, so two threads take one each; nothing else of this job runs any more.
        stream.codec_context.thread_count = THREADS
        stream.codec_context.thread_type = "FRAME"
        stream.codec_context.skip_frame = "NONKEY"

    def take(self, packet: av.Packet) -> None:
        """Look at one packet."""
        if packet.pts is None or not is_whole(bytes(packet)):
            raise _failed(f"frame {len(self._times)} is damaged")
        self._times.append(packet.pts)
        self._checksum = zlib.crc32(packet, self._checksum)
        if packet.is_keyframe and packet.pts // self._step in self._seams:
            self._opened += [self._number(frame) for frame in self._stream.codec_context.decode(packet)]

    def check(self, checksum: int | None) -> None:
        """Raise MediaError unless all of it was right."""
        self._opened += [self._number(frame) for frame in self._stream.codec_context.decode(None)]
        if len(self._times) != self._frames:
            raise _failed(f"it has {len(self._times)} of {self._frames} frames")
        if sorted(self._times) != [self._step * number for number in range(self._frames)] or self._begins:
            raise _failed("its frames are not evenly spaced")
        if sorted(self._opened) != sorted(self._seams):
            raise _failed("a segment does not begin with a picture")
        if checksum is not None and checksum != self._checksum:
            raise _failed("its frames are not those of its segments")

    def _number(self, frame: av.VideoFrame) -> int:
        return -1 if frame.is_corrupt or frame.pts is None else frame.pts // self._step


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
