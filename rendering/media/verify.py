"""Is the film whole? ffmpeg's concat exits 0 with a segment missing or cut short, and headers lie about length.

Every packet's time is checked, so no frame is missing, doubled or late; every key frame is decoded, so each
segment starts with a picture that decodes. The frames between them are the very packets that were checked
when their segment was encoded, because joining copies them; decoding all again would double the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import av

from rendering.media.errors import MediaError
from rendering.media.specs import SAMPLE_RATE


def verify_film(
    path: str, *, segment_frames: Sequence[int], fps: int, width: int, height: int
) -> None:
    """Refuse a film that is not exactly its segments and its sound. Raises MediaError("verify-failed")."""
    try:
        with av.open(path) as film:
            _verify_picture(film, segment_frames, fps=fps, size=(width, height))
        with av.open(path) as film:
            _verify_sound(film, seconds=sum(segment_frames) / fps, fps=fps)
    except (av.FFmpegError, IndexError) as error:
        raise _failed(f"the film cannot be read ({type(error).__name__})") from None


def _verify_picture(
    film: av.container.InputContainer, segment_frames: Sequence[int], *, fps: int, size: tuple[int, int]
) -> None:
    stream = film.streams.video[0]
    if (stream.width, stream.height) != size:
        raise _failed(f"it is {stream.width} × {stream.height}")  # noqa: RUF001  # the sign people know
    times: list[float] = []
    keys: set[int] = set()
    for packet in film.demux(stream):
        if packet.pts is None:
            continue
        number = round(float(packet.pts * packet.time_base) * fps)
        times.append(float(packet.pts * packet.time_base) * fps)
        if packet.is_keyframe:
            keys.add(number)
            _decode_key(packet)
    expected = sum(segment_frames)
    if len(times) != expected:
        raise _failed(f"it has {len(times)} of {expected} frames")
    if any(abs(time - number) > 0.02 for number, time in enumerate(sorted(times))):
        raise _failed("its frames are not evenly spaced")
    seams = [0, *accumulate(segment_frames)][:-1]
    if not keys.issuperset(seams):
        raise _failed("a segment does not start with a key frame")


def _decode_key(packet: av.Packet) -> None:
    decoder = packet.stream.codec_context
    decoder.skip_frame = "NONKEY"
    decoder.decode(packet)


def _verify_sound(film: av.container.InputContainer, *, seconds: float, fps: int) -> None:
    stream = film.streams.audio[0]
    samples = sum(packet.duration or 0 for packet in film.demux(stream) if packet.pts is not None)
    heard = float(samples * stream.time_base) if stream.time_base else samples / SAMPLE_RATE
    # AAC comes in blocks of 1024 samples, and its first block is priming.
    slack = 1 / fps + 3 * 1024 / SAMPLE_RATE
    if abs(heard - seconds) > slack:
        raise _failed(f"its sound lasts {heard:.2f} s of {seconds:.2f} s")


def _failed(reason: str) -> MediaError:
    return MediaError("verify-failed", f"The film is not what it should be: {reason}.", retryable=True)
