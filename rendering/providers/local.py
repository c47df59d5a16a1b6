"""Providers that need no key and no network: drawings, and offline voices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rendering.media.specs import CardSpec, NarrationSpec
from rendering.providers import ImageRequest, NarrationRequest, RunMedia
from rendering.providers.calls import Errand


class LocalImages:
    """Draws a picture without words, chosen by what the prompt says."""

    name = "local"
    identity = "local"

    def draw(self, request: ImageRequest, *, out_path: Path, run: RunMedia, errand: Errand) -> None:
        """See ImageProvider."""
        spec = CardSpec(
            out_path=str(out_path),
            text=request.prompt,
            number=0,
            width=request.width,
            height=request.height,
            seed=request.prompt,
            look="art",
        )
        run(spec)


class LocalNarration:
    """Speaks with the neural English voice, or espeak-ng for other languages."""

    name = "local"
    identity = "local"

    def voices(self) -> Sequence[tuple[str, str]]:
        """None beside those of rendering/media/voices.py, which every language has."""
        return ()

    def speak(
        self, request: NarrationRequest, *, out_path: Path, run: RunMedia, errand: Errand
    ) -> dict[str, Any]:
        """See NarrationProvider."""
        spec = NarrationSpec(
            out_path=str(out_path), text=request.text, language=request.language, voice=request.voice
        )
        return run(spec)
