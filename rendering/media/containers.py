"""Opening MP4 files that we wrote ourselves."""

from __future__ import annotations

from typing import Any

import av
from av.container import InputContainer

_ONLY_THE_FILE = {"protocol_whitelist": "file"}  # a playlist in disguise reaches nothing
_UNDECODED: Any = {"skip_frame": "all"}  # PyAV's stubs speak of text; it takes dictionaries


def open_mp4(path: str) -> InputContainer:
    """Open a file, and only this file, as MP4. libav decodes its first picture to learn all about it."""
    return av.open(f"file:{path}", format="mp4", options=_ONLY_THE_FILE)


def open_header(path: str) -> InputContainer:
    """The same, but by the header alone of the first stream, the picture: 0.5 ms instead of 30 at 1080p.

    What only a picture tells is unknown at first, such as the pixel format.
    """
    return av.open(f"file:{path}", format="mp4", options=_ONLY_THE_FILE, stream_options=[_UNDECODED])
