"""Other languages: libespeak-ng through ctypes, with its own word events. One process an utterance.

The library keeps state between calls, so the same text could sound different the second time; the host forks
a process for every operation, which makes it deterministic.
API: https://github.com/espeak-ng/espeak-ng/blob/1.52.0/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from rendering.media.errors import MediaError
from rendering.media.words import Word, is_speakable, split, spoken

AUDIO_OUTPUT_SYNCHRONOUS = 2
POS_CHARACTER = 1
CHARS_UTF8 = 1
END_PAUSE = 0x1000
EVENT_LIST_TERMINATED = 0
EVENT_WORD = 1
RATE_PARAMETER = 1
NORMAL_RATE = 165

# BCP 47 primary tags whose espeak-ng voice has another name.
_VOICE_NAMES = {"zh": "cmn", "no": "nb", "iw": "he", "en": "en-us"}


class _EventId(ctypes.Union):
    _fields_: ClassVar[Any] = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def speak(text: str, *, language: str, speed: float) -> tuple[np.ndarray, int, list[Word]]:
    """Say a text: int16 mono samples, their rate, and the words with their times.

    Raises MediaError("unknown-language") when there is no voice for the language.
    """
    library = _library()
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, _data_path(), 0)
    if rate <= 0:
        raise MediaError("voice-broken", "The voice could not be started.", retryable=True)
    _choose_voice(library, language)
    library.espeak_SetParameter(RATE_PARAMETER, int(NORMAL_RATE * speed), 0)
    pieces: list[np.ndarray] = []
    heard: list[tuple[int, int]] = []

    def receive(samples: Any, count: int, events: Any) -> int:
        if samples and count:
            pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            if events[index].type == EVENT_WORD:
                heard.append((events[index].text_position - 1, events[index].audio_position))
            index += 1
        return 0

    callback = _CALLBACK(receive)  # kept alive until the call below returns
    library.espeak_SetSynthCallback(callback)
    data = spoken(text).encode()
    flags = CHARS_UTF8 | END_PAUSE
    library.espeak_Synth(data, len(data) + 1, 0, POS_CHARACTER, 0, flags, None, None)
    library.espeak_Synchronize()
    audio = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    return audio, rate, _timed(text, heard, end_ms=round(1000 * len(audio) / rate))


def voice_name(language: str) -> str:
    """The espeak-ng voice of a BCP 47 tag, such as "de" or "pt-br"."""
    tag = language.lower().replace("_", "-")
    return _VOICE_NAMES.get(tag.split("-")[0], tag)


def _choose_voice(library: Any, language: str) -> None:
    name = voice_name(language)
    for candidate in (name, name.split("-")[0]):
        if library.espeak_SetVoiceByName(candidate.encode()) == 0:
            return
    raise MediaError("unknown-language", f"There is no voice for the language {language}.")


def _timed(text: str, heard: list[tuple[int, int]], *, end_ms: int) -> list[Word]:
    """Cut the text at the events. In scripts without spaces an event is the only sign of a word."""
    edges = _edges(text)
    starts: dict[int, int] = {}
    for position, at_ms in heard:
        edge = max((e for e in edges if e <= position), default=0) if " " in text.strip() else position
        starts.setdefault(edge, at_ms)
    if not starts:
        return [Word(text=text, start_ms=0, end_ms=end_ms)]
    cuts = sorted(starts)
    cuts[0] = 0
    times = [starts.get(cut, min(starts.values())) for cut in cuts]
    spans = [*pairwise([*cuts, len(text)])]
    ends = [*times[1:], end_ms]
    return [
        Word(text=text[left:right], start_ms=start, end_ms=max(start, end))
        for (left, right), start, end in zip(spans, times, ends, strict=True)
    ]


def _edges(text: str) -> list[int]:
    edges, at = [], 0
    for word in split(text.lstrip()):
        if is_speakable(spoken(word)):
            edges.append(at + len(text) - len(text.lstrip()))
        at += len(word)
    return edges or [0]


def _library() -> Any:
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    return library


def _data_path() -> bytes:
    import espeakng_loader

    return str(espeakng_loader.get_data_path()).encode()
