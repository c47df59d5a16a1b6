"""Languages and voices: what the editor offers, and what the API takes, which is whatever has a voice."""

from __future__ import annotations

from functools import cache

from rendering import providers
from rendering.media import voices
from rendering.media.errors import MediaError
from rendering.media.voices import ESPEAK, JOE

LANGUAGES = [
    ("en", "English"),
    ("ar", "Arabic"),
    ("bg", "Bulgarian"),
    ("zh", "Chinese"),
    ("hr", "Croatian"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("nl", "Dutch"),
    ("et", "Estonian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("de", "German"),
    ("el", "Greek"),
    ("he", "Hebrew"),
    ("hu", "Hungarian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("lv", "Latvian"),
    ("lt", "Lithuanian"),
    ("nb", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sr", "Serbian"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("es", "Spanish"),
    ("sv", "Swedish"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
]
VOICES = [
    ("", "Standard voice of the language"),
    (JOE, "Joe, natural, English only"),
    (ESPEAK, "Plain, every language"),
]


def language_problem(language: str) -> str:
    """Why a BCP 47 tag cannot be a project's language, naming what can be; "" when it can."""
    try:
        voices.check_language(language)
    except MediaError as error:
        return f"{error.detail} Possible are {', '.join(_codes())}, each also with a region, as pt-BR."
    return ""


def voice_problem(voice: str) -> str:
    """Why there is no such voice, naming those there are; "" when there is, and for the standard one."""
    names = sorted({row["id"] for row in voices.voices()} | {name for name, _ in providers.outside_voices()})
    if not voice or voice in names:
        return ""
    return f"There is no voice {voice}. Possible are {', '.join(names)}, or none for the language's own."


@cache
def _codes() -> list[str]:
    spoken = {row["language"].split("-")[0] for row in voices.voices()}
    return sorted(spoken | {code for code, _ in LANGUAGES})
