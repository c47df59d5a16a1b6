"""Material that somebody brought: steps that need no work, or other work."""

from __future__ import annotations

from typing import Any

from rendering.keys import poster_key

# As clips are kept (rendering/media/clips.py).
CLIP_FPS = 30


def inputs_of(asset: dict[str, Any]) -> dict[str, Any]:
    """A picture somebody brought, or a clip: then the still is its first picture."""
    key = asset["storage_key"]
    if "clip_seconds" not in asset:
        return {"asset": asset["sha256"], "files": key}
    frames = max(1, round(asset["clip_seconds"] * CLIP_FPS))
    return {"asset": asset["sha256"], "files": poster_key(key), "clip": key, "clip_frames": frames}


def picture(inputs: dict[str, Any]) -> dict[str, Any]:
    """The output of an image step that needs no work."""
    clip: dict[str, Any] = {name: inputs[name] for name in ("clip", "clip_frames") if name in inputs}
    return {"content": inputs["asset"], "storage_key": inputs["files"], **clip}


def is_silent(inputs: dict[str, Any]) -> bool:
    """Does a narration step need no work, as there is nothing to hear?"""
    return not inputs["text"].strip() and "recording" not in inputs
