"""Which function does which operation, and in which warm process. Imported lazily: each side loads little."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Progress = Callable[[int], None]

OPERATIONS = {
    "card": "rendering.media.cards:run",
    "picture": "rendering.media.pictures:run",
    "segment": "rendering.media.segments:run",
    "narration": "rendering.media.narration:run",
    "sound": "rendering.media.sound:run",
    "stitch": "rendering.media.stitch:run",
}

# A voice costs 250 MB, so it lives in a process of its own that goes when it is not needed.
PRELOADED = {
    "pixels": ["rendering.media.cards", "rendering.media.segments", "rendering.media.stitch"],
    "voice": ["rendering.media.narration"],
}


def group_of(operation: str) -> str:
    """The warm process an operation belongs to."""
    return "voice" if operation == "narration" else "pixels"


def load(target: str) -> Callable[..., dict[str, Any]]:
    """The function behind "module:name"."""
    module, _, name = target.partition(":")
    function: Callable[..., dict[str, Any]] = getattr(import_module(module), name)
    return function
