"""Segments: a part of a scene as a video-only MP4, and single frames for previews."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2

from rendering.media import encoder, fonts
from rendering.media.colour import planes_to_rgb
from rendering.media.encoder import segment_writer, verify_segment
from rendering.media.errors import MediaError
from rendering.media.frames import SceneFrames
from rendering.media.outputs import whole_file
from rendering.media.specs import FrameSpec, SegmentSpec

RENDERER_VERSION = 4  # raise it when the same spec draws other pixels


def run(spec: SegmentSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Render the segment to `spec.out_path`. See `SegmentSpec` for what is drawn.

    The same spec and stills give the same bytes. `progress` gets the number of frames done.
    Raises MediaError: image-broken, no-space, encoder-failed.
    """
    cv2.setNumThreads(1)
    size = {"width": spec.width, "height": spec.height, "fps": spec.fps}
    frames = SceneFrames(spec)
    with whole_file(spec.out_path) as path:
        with segment_writer(path, **size, quality=spec.quality) as writer:
            for number in range(spec.frame_count):
                writer.write(frames.draw(spec.first_frame + number))
                progress(number + 1)
        verify_segment(path, **size, frames=spec.frame_count)
        bytes_written = path.stat().st_size
    return {"frames": spec.frame_count, "bytes": bytes_written}


def run_frame(spec: FrameSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Write one frame as PNG. See FrameSpec. Raises MediaError: image-broken, no-space, encoder-failed."""
    cv2.setNumThreads(1)
    segment = SegmentSpec.from_dict(spec.segment)
    frame = SceneFrames(segment).draw(segment.first_frame + spec.frame)
    done, png = cv2.imencode(".png", cv2.cvtColor(planes_to_rgb(frame), cv2.COLOR_RGB2BGR))
    if not done:
        raise MediaError("encoder-failed", "The preview could not be written.", retryable=True)
    with whole_file(spec.out_path) as path:
        path.write_bytes(png.tobytes())
    progress(1)
    return {"bytes": len(png)}


def fingerprint() -> str:
    """What a segment depends on beside its spec and stills: renderer, encoder build and fonts."""
    return f"{RENDERER_VERSION}-{encoder.fingerprint()}-{fonts.fingerprint()}"
