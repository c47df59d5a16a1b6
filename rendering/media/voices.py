"""Which voices there are. Read from the data of the voice packages, without loading a voice."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from rendering.media.errors import MediaError

JOE = "joe"
ESPEAK = "espeak"

# The plain voice in other throats: a name for people, and the variant in espeak-ng's folder "!v".
_SYNTHETIC = {
    ESPEAK: ("Plain", ""),
    "alma": ("Alma, a clear woman's voice", "f2"),
    "ines": ("Ines, a low woman's voice", "f5"),
    "bruno": ("Bruno, a deep man's voice", "m3"),
    "emil": ("Emil, a light man's voice", "m7"),
}

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


class Kind(TypedDict):
    """A voice to choose: its id for NarrationSpec.voice, a name for people, its languages (BCP 47)."""

    id: str
    name: str
    is_natural: bool
    languages: list[str]


def kinds() -> list[Kind]:
    """All voices; the first that speaks a language is its standard one."""
    joe = Kind(id=JOE, name="Joe", is_natural=True, languages=["en"])
    return [
        joe,
        *(
            Kind(id=name, name=label, is_natural=False, languages=languages())
            for name, (label, _) in _SYNTHETIC.items()
        ),
    ]


def languages() -> list[str]:
    """The languages that espeak-ng speaks, as BCP 47 tags."""
    return sorted(_espeak_names())


def variant_of(voice: str) -> str:
    """What makes the plain voice another one, in espeak-ng's own words; "" for the plain voice itself."""
    return _SYNTHETIC.get(voice, ("", ""))[1]


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
    return primary_tag(language) == "en" and voice in ("", JOE)


def primary_tag(language: str) -> str:
    """The language without its region: "pt" of "pt-BR"."""
    return language.strip().lower().replace("_", "-").split("-")[0]


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
