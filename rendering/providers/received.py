"""What came from outside is decoded in a child process before it is believed; garbage is a failed call."""

from __future__ import annotations

from typing import Any

from rendering.media.errors import MediaCrashed, MediaError
from rendering.media.specs import PictureSpec, RecordingSpec, Spec
from rendering.providers import RunMedia
from rendering.providers.calls import nonsense


def clean_picture(provider: str, spec: PictureSpec, run: RunMedia) -> None:
    """Write the picture anew as plain pixels. Raises ProviderError (nonsense) when it is none."""
    _run(provider, spec, run, what="a picture")


def clean_recording(provider: str, spec: RecordingSpec, run: RunMedia) -> dict[str, Any]:
    """Write the sound as mono FLAC; returns {"duration_ms", "words"}. Raises ProviderError (nonsense)."""
    return _run(provider, spec, run, what="speech")


def _run(provider: str, spec: Spec, run: RunMedia, *, what: str) -> dict[str, Any]:
    try:
        return run(spec)
    except MediaCrashed:
        raise nonsense(provider, f"sent {what} that cannot be decoded.") from None
    except MediaError as error:
        if error.retryable:
            raise
        raise nonsense(provider, f"sent {what} that cannot be used: {error.detail}") from None
