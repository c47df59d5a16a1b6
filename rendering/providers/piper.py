"""Piper voices that the operator put into a directory (PIPER_VOICES): a .onnx with its .onnx.json each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from rendering.media.errors import MediaError
from rendering.media.specs import NarrationSpec
from rendering.providers import NarrationRequest, RunMedia
from rendering.providers.calls import Errand

_PREFIX = "piper:"


class PiperVoices:
    """Speaks with models of this machine. Every machine with a narration worker needs the directory."""

    name = "piper"
    identity = "piper"

    def voices(self) -> Sequence[tuple[str, str]]:
        """See NarrationProvider. A voice is named after its file, as en_GB-alan-medium."""
        return [(f"{_PREFIX}{path.stem}", f"{path.stem}, natural") for path in _models()]

    def speak(
        self, request: NarrationRequest, *, out_path: Path, run: RunMedia, errand: Errand
    ) -> dict[str, Any]:
        """See NarrationProvider."""
        wanted = request.voice.removeprefix(_PREFIX)
        models = {path.stem: path for path in _models()}
        model = models.get(wanted) or _of_language(models, request.language)
        if model is None:
            raise MediaError("voice-missing", f"There is no piper voice {wanted or request.language} here.")
        spec = NarrationSpec(
            out_path=str(out_path), text=request.text, language=request.language, model_path=str(model)
        )
        return run(spec)


def _models() -> list[Path]:
    directory = str(settings.RENDERING_PIPER_VOICES)
    if not directory:
        return []
    found = sorted(Path(directory).glob("*.onnx"))
    return [path for path in found if path.with_name(f"{path.name}.json").is_file()]


def _of_language(models: dict[str, Path], language: str) -> Path | None:
    primary = language.split("-", maxsplit=1)[0].lower()
    return next((path for stem, path in models.items() if stem.lower().startswith(f"{primary}_")), None)
