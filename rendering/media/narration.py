"""Speech: text in, mono FLAC at 48 kHz and word timings out. No network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from rendering.media import readings, speech_espeak, speech_piper
from rendering.media.errors import MediaError
from rendering.media.outputs import whole_file
from rendering.media.specs import SAMPLE_RATE, NarrationSpec
from rendering.media.speech_piper import Speech
from rendering.media.voices import is_neural, variant_of
from rendering.media.words import Word, is_speakable, spoken
from rendering.media.writing import is_readable, spoken_language

# A text without a letter or digit, an emoji perhaps, is shown in silence for this long.
SILENT_MS = 2_000
SLOWEST, FASTEST = 0.5, 2.0


def prepare(spec: NarrationSpec) -> str | None:
    """Load what the operation needs, before the fork, so that it is loaded once and shared; its name.

    None asks for a process of its own: espeak-ng keeps state between calls (speech_espeak.py).
    """
    language = spoken_language(spec.text, language=spec.language)
    if spec.model_path or is_neural(language=language, voice=spec.voice):
        speech_piper.load(spec.model_path)
        return f"voice {spec.model_path}"
    if readings.needs_readings(language):
        readings.load()
    return None


def run(spec: NarrationSpec, *, progress: Callable[[int], None]) -> dict[str, Any]:
    """Speak `spec.text` into `spec.out_path`, in the language of its script. See NarrationSpec.

    The same spec gives the same bytes. Words joined are the text; they do not overlap, and none ends after
    the sound. Raises MediaError: unknown-language, voice-missing, voice-broken, no-space.
    """
    engine, speech = _speech(spec, progress)
    with whole_file(spec.out_path) as path:
        length = _write_flac(path, speech)
    duration_ms = round(1000 * length / SAMPLE_RATE)
    return {"duration_ms": duration_ms, "words": _within(speech.words, duration_ms), "engine": engine}


def _speech(spec: NarrationSpec, progress: Callable[[int], None]) -> tuple[str, Speech]:
    speed = min(max(spec.speed, SLOWEST), FASTEST)
    if not is_speakable(spoken(spec.text)):
        return "silence", _silence(spec.text)
    if spec.model_path:
        speech = speech_piper.speak(spec.text, speed=speed, progress=progress, model=spec.model_path)
        return "piper", speech
    if not is_readable(spec.text):
        raise MediaError("unknown-language", "There is no voice for the script of this text.")
    language = spoken_language(spec.text, language=spec.language)
    if is_neural(language=language, voice=spec.voice):
        return "piper", speech_piper.speak(spec.text, speed=speed, progress=progress)
    variant = variant_of(spec.voice)
    speech = speech_espeak.speak(
        spec.text, language=language, variant=variant, speed=speed, progress=progress
    )
    return "espeak-ng", speech


def _silence(text: str) -> Speech:
    samples = np.zeros(SAMPLE_RATE * SILENT_MS // 1000, np.int16)
    shown = [Word(text=text, start_ms=0, end_ms=SILENT_MS)] if text.strip() else []
    return Speech(samples=samples, rate=SAMPLE_RATE, words=shown)


def _within(words: list[Word], duration_ms: int) -> list[Word]:
    """Words in order, no two at once: a sound may belong to two words that a voice joins."""
    timed: list[Word] = []
    at = 0
    for word in words:
        start = min(max(word["start_ms"], at), duration_ms)
        at = min(max(word["end_ms"], start), duration_ms)
        timed.append(Word(text=word["text"], start_ms=start, end_ms=at))
    return timed


def _write_flac(path: Path, speech: Speech) -> int:
    """Resample to 48 kHz and write, a second at a time; returns the number of samples written."""
    written = 0
    with av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.codec_context.format = "s16"
        for frame in _resampled(speech):
            written += frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return written


def _resampled(speech: Speech) -> Iterator[av.AudioFrame]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for at in range(0, len(speech.samples), speech.rate):
        block = speech.samples[at : at + speech.rate].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts = speech.rate, at
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
