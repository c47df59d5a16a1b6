"""Other languages: libespeak-ng through ctypes, with its own word events. One process an utterance.

The library keeps state between calls, so the same text could sound different the second time; each is said in
a process of its own. That makes it deterministic, but for the noise in two variants (f2 and f5), which comes
from memory that the library has not set.
API: https://github.com/espeak-ng/espeak-ng/blob/1.52.0/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any, ClassVar

import numpy as np

from rendering.media import readings
from rendering.media.errors import MediaError
from rendering.media.speech_piper import Speech
from rendering.media.voices import check_language, espeak_data
from rendering.media.words import Word, is_speakable, share, split, spoken

AUDIO_OUTPUT_SYNCHRONOUS = 2
POS_CHARACTER = 1
CHARS_UTF8 = 1
EVENT_LIST_TERMINATED = 0
EVENT_WORD = 1
RATE_PARAMETER = 1
NORMAL_RATE = 165  # words a minute
QUIET = 200  # of 32767: what is left of a word that has died away


class _EventId(ctypes.Union):
    _fields_: ClassVar[Any] = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("text", ctypes.c_char * 8),
    ]


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


def speak(
    text: str, *, language: str, speed: float, progress: Callable[[int], None], variant: str = ""
) -> Speech:
    """Say a text. `progress` gets the number of words begun. Raises MediaError("unknown-language")."""
    voice = check_language(language) + (f"+{variant}" if variant else "")
    library, rate = _library()
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise MediaError("voice-broken", f"The voice {voice} could not be loaded.")
    library.espeak_SetParameter(RATE_PARAMETER, round(NORMAL_RATE * speed), 0)
    shown, said = _both(text, language)
    listener = _Listener(progress)
    listener.hear(library, "".join(said))
    samples = listener.samples()
    return Speech(samples=samples, rate=rate, words=_timed(shown, said, listener.events, samples, rate=rate))


class _Listener:
    """Takes the samples, and where in the text which sample begins."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self.events: list[tuple[int, int]] = []
        self._pieces: list[np.ndarray] = []
        self._progress = progress

    def hear(self, library: Any, text: str) -> None:
        """Have the whole text said."""
        callback = _CALLBACK(self._receive)  # kept alive until the call below returns
        library.espeak_SetSynthCallback(callback)
        data = text.encode()
        library.espeak_Synth(data, len(data) + 1, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
        library.espeak_Synchronize()

    def samples(self) -> np.ndarray:
        """All that was heard. Raises MediaError("voice-broken") for nothing."""
        if not self._pieces:
            raise MediaError("voice-broken", "The voice said nothing.", retryable=True)
        return np.concatenate(self._pieces)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            self._pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != EVENT_LIST_TERMINATED:
            if events[index].type == EVENT_WORD:
                self.events.append((events[index].text_position - 1, events[index].sample))
            index += 1
        self._progress(len(self.events))
        return 0


def _both(text: str, language: str) -> tuple[list[str], list[str]]:
    """Words as written and, with the same index, as said."""
    if not readings.needs_readings(language):
        shown = split(text)
        return shown, [spoken(word) for word in shown]
    pairs = [(written, said) for written, said in readings.read(text) if written]
    return [written for written, _ in pairs], [f"{spoken(said)} " for _, said in pairs]


def _timed(
    shown: list[str], said: list[str], events: list[tuple[int, int]], samples: np.ndarray, *, rate: int
) -> list[Word]:
    """Give each word its time: words with an event begin there, those between share the time by length."""
    firsts = list(accumulate((len(word) for word in said), initial=0))[:-1]
    begins: dict[int, int] = {}
    for position, sample in events:
        begins.setdefault(max(0, bisect_right(firsts, position) - 1), sample)
    begins = _rising({**begins, min(begins, default=0): 0})
    edges = [*begins.items(), (len(shown), len(samples))]
    spans = [(0, 0)] * edges[0][0]
    for (word, start), (next_word, end) in pairwise(edges):
        heard = _until_quiet(samples, start, end)
        spans += share(start, heard, [_weight(one) for one in shown[word:next_word]])
    return [
        Word(text=word, start_ms=round(1000 * start / rate), end_ms=round(1000 * end / rate))
        for word, (start, end) in zip(shown, spans, strict=True)
    ]


def _rising(begins: dict[int, int]) -> dict[int, int]:
    """By word; an event out of order would make a word end before it begins."""
    rising: dict[int, int] = {}
    latest = 0
    for word, sample in sorted(begins.items()):
        latest = rising[word] = max(latest, sample)
    return rising


def _until_quiet(samples: np.ndarray, start: int, end: int) -> int:
    """Where a word is over: the pause after it belongs to nobody."""
    loud = np.flatnonzero(np.abs(samples[start:end].astype(np.int32)) > QUIET)
    return start + int(loud[-1]) + 1 if len(loud) else end


def _weight(word: str) -> int:
    return sum(1 for char in word if char.isalnum()) if is_speakable(word) else 0


def _library() -> tuple[Any, int]:
    """The library, ready to speak, and the rate of its samples."""
    library = ctypes.CDLL(str(next(espeak_data().parent.glob("libespeak-ng.*"))))
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
    rate = library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, str(espeak_data()).encode(), 0)
    if rate <= 0:
        raise MediaError("voice-broken", "The voice could not be started.", retryable=True)
    return library, rate
