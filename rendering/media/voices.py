"""Which voices there are. Read from the data of the voice packages, without loading a voice."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from rendering.media.errors import MediaError

JOE = "joe"
ESPEAK = "espeak"

# BCP 47 primary tags whose espeak-ng voice has another name.
_VOICE_NAMES = {
    "en": "en-us",
    "in": "id",
    "iw": "he",
    "no": "nb",
    "zh": "cmn",
    "zh-hk": "yue",
    "zh-mo": "yue",
}


class Voice(TypedDict):
    """A voice to choose: its id for NarrationSpec.voice, a name for people, a BCP 47 language."""

    id: str
    name: str
    language: str


def voices() -> list[Voice]:
    """All voices; the first of a language is its standard one."""
    spoken = [Voice(id=ESPEAK, name=name, language=code) for code, name in sorted(_espeak_names().items())]
    return [Voice(id=JOE, name="Joe (natural)", language="en"), *spoken]


def check_language(language: str) -> str:
    """The name of the espeak-ng voice for a BCP 47 tag. Raises MediaError("unknown-language")."""
    tag = language.strip().lower().replace("_", "-")
    primary = tag.split("-")[0]
    known = {code.lower(): code for code in _espeak_names()}
    for candidate in (tag, primary):
        name = _VOICE_NAMES.get(candidate, candidate)
        if name in known:
            return name
    raise MediaError("unknown-language", f"There is no voice for the language {language}.")


def is_neural(*, language: str, voice: str) -> bool:
    """Whether the neural voice says this: English, unless the other voice is asked for."""
    return language.strip().lower().replace("_", "-").split("-")[0] == "en" and voice in ("", JOE)


def espeak_data() -> Path:
    """The folder of espeak-ng's dictionaries and voices."""
    package = find_spec("espeakng_loader")
    if package is None or package.origin is None:
        raise MediaError("voice-missing", "The package espeakng-loader is not installed.")
    return Path(package.origin).parent / "espeak-ng-data"


@cache
def _espeak_names() -> dict[str, str]:
    files = [path for path in (espeak_data() / "lang").rglob("*") if path.is_file()]
    return {path.name: _name(path) for path in files}


def _name(path: Path) -> str:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("name "):
            return line.removeprefix("name ").strip()
    return path.name
