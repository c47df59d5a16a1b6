"""What a video file really holds, read from the file and not from what someone says about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True)
class Footage:
    """Codecs by kind of stream ("video": "h264"), picture size in pixels, length in seconds."""

    codecs: dict[str, str]
    width: int
    height: int
    duration_seconds: float


def inspect(path: Path) -> Footage:
    """Read the headers of the file; ValueError when it is no video."""
    try:
        container = av.open(str(path))
    except av.FFmpegError as error:
        raise ValueError(f"{path} is not a video") from error
    with container:
        picture = container.streams.video[0]
        return Footage(
            codecs={stream.type: stream.codec_context.name for stream in container.streams},
            width=picture.width,
            height=picture.height,
            duration_seconds=(container.duration or 0) / av.time_base,
        )
