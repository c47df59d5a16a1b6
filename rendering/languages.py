"""Languages and voices: what the editor offers, and what the API takes, which is whatever has a voice."""

from __future__ import annotations

from functools import cache

from rendering import providers
from rendering.media import voices
from rendering.media.errors import MediaError


def _range_of(voice: voices.Kind) -> str:
    return "natural, English only" if voice["is_natural"] else "every language"


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
    *((voice["id"], f"{voice['name']}, {_range_of(voice)}") for voice in voices.kinds()),
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
    names = [kind["id"] for kind in voices_for("")]
    if not voice or voice in names:
        return ""
    return f"There is no voice {voice}. Possible are {', '.join(names)}, or none for the language's own."


def voices_for(language: str) -> list[voices.Kind]:
    """The voices that speak a language (BCP 47), all of them for ""; its standard one first.

    Of voices by a provider outside it is not known what they speak; their languages are empty.
    """
    primary = voices.primary_tag(language)
    outside = [
        voices.Kind(id=name, name=label, is_natural=True, languages=[])
        for name, label in providers.outside_voices()
    ]
    return [
        kind
        for kind in (*voices.kinds(), *outside)
        if not language or not kind["languages"] or not kind["is_natural"] or primary in kind["languages"]
    ]


@cache
def _codes() -> list[str]:
    spoken = {language.split("-")[0] for language in voices.languages()}
    return sorted(spoken | {code for code, _ in LANGUAGES})
