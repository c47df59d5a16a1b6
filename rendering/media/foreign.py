"""Sound and video files from outside: what they are by their first bytes, opened with everything else shut.

The demuxer is chosen here and never guessed, so that a playlist, a manifest or a page that names other files
is no input at all. libavformat: https://ffmpeg.org/ffmpeg-formats.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from rendering.media.errors import MediaError

# A file of 10,000 streams is nobody's clip; the demuxer gives up at the limit instead of making them all.
MOST_STREAMS = 16
_PROBE_BYTES = 5_000_000

# First bytes, and the demuxer: ISO/IEC 14496-12, RFC 8794, WAVE, RFC 9639, RFC 3533, ID3, MPEG audio.
_MARKS = (
    (4, b"ftyp", "mov"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (8, b"WAVE", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
)
AUDIO = frozenset({"mov", "matroska", "wav", "flac", "ogg", "mp3"})
VIDEO = frozenset({"mov", "matroska"})


def container_of(head: bytes) -> str | None:
    """The demuxer for a file that begins with `head` (12 bytes or more); None for what is not taken."""
    for offset, mark, name in _MARKS:
        if head[offset:].startswith(mark):
            return name
    # MPEG audio without a tag: eleven set bits, then no reserved version, layer III.
    is_mp3 = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 == 0x02
    return "mp3" if is_mp3 else None


@contextmanager
def opened(path: str, *, allowed: frozenset[str], what: str) -> Iterator[Any]:
    """The file as a PyAV container. Raises MediaError: unsupported-kind, too-many-streams, `what`-broken."""
    with Path(path).open("rb") as file:
        name = container_of(file.read(16))
    if name is None or name not in allowed:
        raise MediaError("unsupported-kind", f"This is no {what} of a kind that can be used.")
    options = {
        "protocol_whitelist": "file",
        "max_streams": str(MOST_STREAMS),
        "probesize": str(_PROBE_BYTES),
        # No file of references to other files.
        **({"use_absolute_path": "0", "enable_drefs": "0"} if name == "mov" else {}),
    }
    try:
        with av.open(f"file:{path}", format=name, container_options=options) as container:
            if len(container.streams) >= MOST_STREAMS:
                raise MediaError("too-many-streams", f"This {what} has too many tracks.")
            yield container
    except MemoryError:
        raise MediaError("too-many-streams", f"This {what} has too many tracks or is too large.") from None
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise MediaError(f"{what}-broken", f"This {what} is damaged or incomplete.") from error
