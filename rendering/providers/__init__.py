"""Who makes pictures, voices and scripts. A provider is a Protocol; `RENDERING_PROVIDERS` names those in use.

Those outside are asked first, in their order; what is made here is the last resort (`chain`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.module_loading import import_string

from rendering import conf
from rendering.media.specs import Spec

if TYPE_CHECKING:
    from rendering.providers.calls import Errand

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
    """A text to say, its language (BCP 47) and the wanted voice, empty for the standard one."""

    text: str
    language: str
    voice: str

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> NarrationRequest:
        """What the inputs of a narration step ask for."""
        return cls(text=inputs["text"], language=inputs["language"], voice=inputs["voice"])


@dataclass(frozen=True, kw_only=True)
class ScriptRequest:
    """A topic to write about, the language (BCP 47) to write in, and how many scenes."""

    topic: str
    language: str
    scenes: int


class Provider(Protocol):
    """`name` is who answers: one breaker, one price. `identity` adds the model, and is part of cache keys."""

    @property
    def name(self) -> str:
        """As "stability"."""

    @property
    def identity(self) -> str:
        """As "stability/core"; two identities make different things of one request."""


class ImageProvider(Provider, Protocol):
    """Makes stills. Raises MediaError (retryable or not) when it cannot."""

    def draw(self, request: ImageRequest, *, out_path: Path, run: RunMedia, errand: Errand) -> None:
        """Write a picture to `out_path`; heavy work goes through `run`, a killable child process."""


class NarrationProvider(Provider, Protocol):
    """Makes voices. Raises MediaError (retryable or not) when it cannot."""

    def voices(self) -> Sequence[tuple[str, str]]:
        """Voices to choose beside the standard one: (id, name for people)."""

    def speak(
        self, request: NarrationRequest, *, out_path: Path, run: RunMedia, errand: Errand
    ) -> dict[str, Any]:
        """Write mono FLAC at 48 kHz to `out_path`; returns {"duration_ms", "words"}."""


class ScriptProvider(Provider, Protocol):
    """Writes scripts. Raises ProviderError when it cannot."""

    def write(self, request: ScriptRequest, *, errand: Errand) -> tuple[str, str]:
        """Title and script; the script is text that `scripts.replace_script` takes."""


@cache
def _provider(path: str) -> Any:
    return import_string(path)()


def images() -> list[ImageProvider]:
    """Image providers in the order in which they are asked."""
    return [_provider(path) for path in conf.providers("image")]


def narrations() -> list[NarrationProvider]:
    """Narration providers in the order in which they are asked."""
    return [_provider(path) for path in conf.providers("narration")]


def scripts() -> list[ScriptProvider]:
    """Who writes scripts; empty where nobody does."""
    return [_provider(path) for path in conf.providers("script")]


def image_identity() -> str:
    """Who is asked first for a picture from a prompt; empty when pictures are drawn here."""
    first = images()[0]
    return "" if first.name == "local" else first.identity


def outside_voices() -> list[tuple[str, str]]:
    """Voices beside the local ones: (id, name for people)."""
    return [voice for provider in narrations() for voice in provider.voices()]


def speaker(voice: str) -> NarrationProvider:
    """Who is asked first to say something: the one that has the voice, else the first choice."""
    providers = narrations()
    if not voice:
        return providers[0]
    owners = (one for one in providers if any(voice == known for known, _ in one.voices()))
    return next(owners, providers[-1])
