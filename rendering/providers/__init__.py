"""Who makes pictures and voices. A provider is a Protocol; `RENDERING_PROVIDERS` names the one in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from rendering.media.specs import Spec

RunMedia = Callable[[Spec], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """A still to make: what it shows and its size in pixels. `key` makes the same request draw the same."""

    prompt: str
    width: int
    height: int
    key: str


@dataclass(frozen=True, kw_only=True)
class NarrationRequest:
    """A text to say, its language (BCP 47) and the wanted voice, empty for the language's own."""

    text: str
    language: str
    voice: str


class ImageProvider(Protocol):
    """Makes stills. Raises MediaError (retryable or not) when it cannot."""

    name: str

    def draw(self, request: ImageRequest, *, out_path: Path, run: RunMedia) -> None:
        """Write a picture to `out_path`; heavy work goes through `run`, a killable child process."""


class NarrationProvider(Protocol):
    """Makes voices. Raises MediaError (retryable or not) when it cannot."""

    name: str

    def speak(self, request: NarrationRequest, *, out_path: Path, run: RunMedia) -> dict[str, Any]:
        """Write mono FLAC at 48 kHz to `out_path`; returns {"duration_ms", "words"}."""


@cache
def _provider(path: str) -> Any:
    return import_string(path)()


def images() -> ImageProvider:
    """The image provider in use."""
    provider: ImageProvider = _provider(settings.RENDERING_PROVIDERS["image"])
    return provider


def narration() -> NarrationProvider:
    """The narration provider in use."""
    provider: NarrationProvider = _provider(settings.RENDERING_PROVIDERS["narration"])
    return provider
