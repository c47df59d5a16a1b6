"""Speech: text in, mono FLAC at 48 kHz and word timings out. No network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from rendering.media import speech_espeak, speech_piper
from rendering.media.errors import MediaError
from rendering.media.outputs import whole_file
from rendering.media.specs import SAMPLE_RATE, NarrationSpec
from rendering.media.words import Word, is_speakable, spoken

# The quietest thing still worth sending to a voice is a letter; anything else is shown in silence.
SILENT_MS = 2_000

JOE = "joe"


def prepare(spec: NarrationSpec) -> None:
    """Load what the operation needs, before the fork, so that it is loaded once and shared."""
    if uses_piper(spec):
        speech_piper.load()


def run(spec: NarrationSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Speak `spec.text` into `spec.out_path`. See NarrationSpec.

    The same spec gives the same bytes. Raises MediaError: unknown-language, no-space, voice-broken.
    """
    if not is_speakable(spoken(spec.text)):
        samples, rate = np.zeros(SAMPLE_RATE * SILENT_MS // 1000, np.int16), SAMPLE_RATE
        words = [Word(text=spec.text, start_ms=0, end_ms=SILENT_MS)]
    elif uses_piper(spec):
        samples, rate, words = speech_piper.speak(spec.text, speed=spec.speed)
    else:
        samples, rate, words = speech_espeak.speak(spec.text, language=spec.language, speed=spec.speed)
    if not len(samples):
        raise MediaError("voice-broken", "The voice said nothing.", retryable=True)
    with whole_file(spec.out_path) as path:
        length = _write_flac(path, samples, rate)
    duration_ms = round(1000 * length / SAMPLE_RATE)
    engine = "piper" if uses_piper(spec) else "espeak-ng"
    return {"duration_ms": duration_ms, "words": _within(words, duration_ms), "engine": engine}


def uses_piper(spec: NarrationSpec) -> bool:
    """English has a neural voice, unless the other one is asked for."""
    is_english = spec.language.lower().split("-")[0] == "en"
    return is_english and spec.voice in ("", JOE)


def _within(words: list[Word], duration_ms: int) -> list[Word]:
    return [
        Word(
            text=word["text"],
            start_ms=min(word["start_ms"], duration_ms),
            end_ms=min(word["end_ms"], duration_ms),
        )
        for word in words
    ]


def _write_flac(path: Path, samples: np.ndarray, rate: int) -> int:
    """Resample to 48 kHz and write; returns the number of samples written."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    written = 0
    with av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE)
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "s16"
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            written += ready.samples
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return written
