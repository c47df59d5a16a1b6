"""Sound and video files as people have them, and as attackers make them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np


def make_video(
    path: Path, *, seconds: float = 2.0, fps: int = 25, size: tuple[int, int] = (320, 240)
) -> Path:
    """An MP4 with sound: the left half is red, the right half gets brighter from black to white."""
    width, height = size
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"preset": "ultrafast"}
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        frames = round(seconds * fps)
        for number in range(frames):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[:, : width // 2] = (200, 30, 30)
            picture[:, width // 2 :] = round(255 * number / max(1, frames - 1))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        tone = (np.sin(np.arange(round(48_000 * seconds)) / 20) * 9_000).astype(np.int16).reshape(1, -1)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000, frame_size=1024)
        whole = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        whole.sample_rate = 48_000
        for piece in [*resampler.resample(whole), *resampler.resample(None)]:
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return path


def turned(path: Path) -> Path:
    """The same film as a phone held upright stores it: the track's matrix says "a quarter to the right"."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4
    matrix = at + (40 if data[at] == 0 else 52)
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 240 << 16, 0, 0x40000000)
    other = path.with_name("turned.mp4")
    other.write_bytes(data)
    return other


def make_sound(path: Path, *, seconds: float = 1.5, kind: str = "wav") -> Path:
    """A tone."""
    tone = (np.sin(np.arange(round(48_000 * seconds)) / 20) * 9_000).astype(np.int16).reshape(1, -1)
    codec = {"wav": "pcm_s16le", "mp3": "mp3", "ogg": "libvorbis", "flac": "flac", "ipod": "aac"}[kind]
    with av.open(str(path), "w", format=kind) as container:
        stream: Any = container.add_stream(codec, rate=48_000, layout="mono")
        whole = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        whole.sample_rate = 48_000
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name, layout="mono", rate=48_000, frame_size=1024
        )
        for piece in [*resampler.resample(whole), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def many_streams(count: int = 10_000) -> bytes:
    """An MP4 whose index names a great number of tracks."""
    mvhd = _box(b"mvhd", bytes(12) + struct.pack(">II", 1000, 1000) + bytes(80))
    track = _track()
    moov = _box(b"moov", mvhd + track * count)
    return _box(b"ftyp", b"isom\0\0\x02\0isomiso2mp41") + moov + _box(b"mdat", bytes(64))


def _track() -> bytes:
    tkhd = _box(b"tkhd", struct.pack(">I", 7) + bytes(8) + struct.pack(">I", 1) + bytes(68))
    mdhd = _box(b"mdhd", bytes(12) + struct.pack(">II", 1000, 1000) + bytes(4))
    hdlr = _box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    entry = _box(b"avc1", bytes(24) + struct.pack(">HH", 64, 64) + bytes(50))
    stsd = _box(b"stsd", bytes(4) + struct.pack(">I", 1) + entry)
    tables = stsd + b"".join(_box(name, bytes(8)) for name in (b"stts", b"stsc", b"stco"))
    stbl = _box(b"stbl", tables + _box(b"stsz", bytes(12)))
    return _box(b"trak", tkhd + _box(b"mdia", mdhd + hdlr + _box(b"minf", stbl)))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


SVG = b"""<?xml version="1.0"?>
<!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&secret;</text>
<image href="http://127.0.0.1:1/x.png"/></svg>
"""
PLAYLIST = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:{port}/secret.ts\n#EXT-X-ENDLIST\n"
)
CONCAT = b"ffconcat version 1.0\nfile http://127.0.0.1:{port}/secret.mp4\n"
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n"
