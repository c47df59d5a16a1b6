"""Captions as a track of an MP4, for players to switch on: timed text (3GPP TS 26.245, "tx3g")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import av

MILLISECOND = Fraction(1, 1000)

# The encoder is opened for the track's description only; it wants to know styles, so it is told one.
_STYLES = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""

# ISO 639-2 codes, which MP4 wants, of the languages that the editor offers.
_CODES = {
    "ar": "ara", "bg": "bul", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa",
    "et": "est", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "it": "ita",
    "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav", "nb": "nob", "nl": "nld", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp", "sv": "swe", "th": "tha", "tr": "tur",
    "uk": "ukr", "vi": "vie", "zh": "zho",
}  # fmt: skip


def add_track(film: av.container.OutputContainer, *, language: str) -> Any:
    """A caption track for a film that is about to be written."""
    track: Any = film.add_stream("mov_text")
    track.codec_context.subtitle_header = _STYLES.encode()
    track.time_base = MILLISECOND
    track.metadata["language"] = _CODES.get(language.lower().replace("_", "-").split("-")[0], "und")
    return track


def packets(track: Any, captions: Sequence[Mapping[str, Any]]) -> Iterator[tuple[float, av.Packet]]:
    """The captions in order with their time in seconds."""
    for caption in captions:
        text = " ".join(caption["text"].split()).encode()
        packet = av.Packet(len(text).to_bytes(2, "big") + text)
        packet.stream, packet.time_base = track, MILLISECOND
        packet.pts = packet.dts = caption["start_ms"]
        packet.duration = max(1, caption["end_ms"] - caption["start_ms"])
        yield caption["start_ms"] / 1000, packet
