"""The operations there are: which function does each, in which warm process, and what it may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What the host must know of an operation without importing it.

    `target` is "module:function". `group` names the warm process it is forked from. The operation may map
    `memory_bytes` beyond what that process holds, and write files of at most `file_bytes`. Without progress
    for `stall_seconds` it counts as hanging.
    """

    target: str
    group: str = "picture"
    memory_bytes: int = GIB
    file_bytes: int = GIB
    stall_seconds: float | None = None


OPERATIONS = {
    "card": Operation(target="rendering.media.cards:run"),
    "picture": Operation(target="rendering.media.pictures:run"),
    "probe": Operation(target="rendering.media.clips:probe", memory_bytes=400 * MIB, file_bytes=MIB),
    "clip": Operation(target="rendering.media.clips:run", memory_bytes=GIB, stall_seconds=20),
    "clip-join": Operation(target="rendering.media.clips:join", file_bytes=4 * GIB),
    "recording": Operation(target="rendering.media.recordings:run", memory_bytes=400 * MIB),
    "logo": Operation(target="rendering.media.pictures:run_logo"),
    # 3840 x 2160 holds 750 MB, mostly x264's lookahead.
    "segment": Operation(target="rendering.media.segments:run", memory_bytes=2 * GIB, stall_seconds=20),
    "frame": Operation(target="rendering.media.segments:run_frame", file_bytes=128 * MIB),
    "narration": Operation(target="rendering.media.narration:run", group="voice", memory_bytes=2 * GIB),
    "sound": Operation(target="rendering.media.sound:run", file_bytes=16 * GIB),
    "stitch": Operation(target="rendering.media.stitch:run", file_bytes=64 * GIB),
}

# A voice holds 150 MB, so it lives in a process of its own that leaves for a picture in 4K
# (rendering/media/host.py) and after a while. It takes 0.8 s to come back, a tenth of a draft.
# The last of each are what av and Pillow would load at their first use, in every worker: 10 ms.
PRELOADED = {
    "picture": ("rendering.media.cards", "rendering.media.segments", "rendering.media.sound",
                "rendering.media.stitch", "rendering.media.pictures", "rendering.media.recordings",
                "rendering.media.clips", "av.subtitles.stream", "PIL.JpegImagePlugin", "PIL.PngImagePlugin"),
    "voice": ("rendering.media.narration", "av.subtitles.stream"),
}  # fmt: skip
IDLE_SECONDS = 120.0
# For how long a forked process waits for another order of its owner, with the memory it has.
KEPT_SECONDS = 2.0
