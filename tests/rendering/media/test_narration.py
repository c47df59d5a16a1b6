"""Narration: offline speech in many languages, the same each time, with words that know their times."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from rendering import timeline
from rendering.languages import LANGUAGES
from rendering.media import host
from rendering.media.alignment import first_sounds
from rendering.media.errors import MediaError
from rendering.media.specs import SAMPLE_RATE, NarrationSpec
from rendering.media.voices import check_language, is_neural, kinds
from rendering.media.words import split, spoken
from rendering.media.writing import spoken_language

TEXTS = {
    "en": "Good morning, Dr. Smith: the 42 engineers of the company built a quiet machine. It was 1999.",
    "de": "Guten Tag, die Welt ist schön. Im Jahr 1999 war alles gut.",
    "ar": "مرحبا بالعالم، هذا اختبار صغير.",
    "ja": "今日は東京へ行きます。日本語のテストです。\n二行目も読みます。",
    "zh": "你好，世界。今天天气很好。",
    "th": "สวัสดีชาวโลก ยินดีต้อนรับ",
}

SCRIPTS = {
    "ru": "Мельница стоит у моря.",
    "el": "Ο μύλος είναι δίπλα στη θάλασσα.",
    "ar": "مرحبا بالعالم، هذا اختبار صغير.",
    "he": "הטחנה עומדת ליד הים.",
    "zh": "你好，世界。今天天气很好。",
    "ja": "水車は海のそばにあります。",
    "ko": "물레방아는 바다 옆에 있습니다.",
    "hi": "चक्की समुद्र के पास है।",
    "th": "สวัสดีชาวโลก ยินดีต้อนรับ",
}
HARD_TO_ESTIMATE = [
    ("en", "1987, 777777 and 3.14159 at 23:59."),
    ("lt", "7777777777 77 77"),
    ("fi", "10% + 5€ = 777777"),
    ("de", "B C D W XWKZ https://www.example.com/a/b?c=d&e=f"),
    ("de", "Der Müller sagt 水车 und Мельница und μύλος."),
    ("lt", "Hai lần mỗi ngày biển dâng lên con lạch."),
    ("ja", "水車は Twice a day the wheel turns です。"),
    ("en", "🎉"),
]


def speak(
    folder: Path, text: str, language: str = "en", *, owner: str = "", **changes: Any
) -> dict[str, Any]:
    """Narrate in a child process, as the engine does."""
    spec = NarrationSpec(out_path=str(folder / "speech.flac"), text=text, language=language, **changes)
    return host.run(spec, timeout_seconds=60, owner=owner)


@pytest.fixture(scope="module", autouse=True)
def _no_child_stays() -> Any:
    yield
    host.stop_all()


def test_a_voice_says_the_same_whatever_was_said_before(tmp_path: Path) -> None:
    said: list[tuple[str, dict[str, Any]]] = [
        ("en", {}), ("de", {"speed": 1.4}), ("en", {"voice": "bruno"}), ("ja", {}), ("de", {}),
        ("en", {"speed": 0.8}), ("en", {}),
    ]  # fmt: skip

    def heard(owner: str) -> list[tuple[dict[str, Any], bytes]]:
        return [
            (
                speak(tmp_path, TEXTS[language], language, owner=owner, **changes),
                (tmp_path / "speech.flac").read_bytes(),
            )
            for language, changes in said
        ]

    assert heard("a film") == heard("")


@pytest.mark.parametrize("language", TEXTS)
def test_words_are_the_text_in_order_and_within_the_sound(tmp_path: Path, language: str) -> None:
    told = speak(tmp_path, TEXTS[language], language)
    samples = _samples(tmp_path)
    assert told["duration_ms"] == round(1000 * len(samples) / SAMPLE_RATE)
    assert "".join(word["text"] for word in told["words"]) == TEXTS[language]
    for word, following in pairwise(told["words"]):
        assert 0 <= word["start_ms"] <= word["end_ms"] <= following["start_ms"]
    assert told["words"][-1]["end_ms"] <= told["duration_ms"]
    assert 1000 < told["duration_ms"] < 12_000


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_the_same_text_sounds_the_same(tmp_path: Path, language: str) -> None:
    told = [speak(tmp_path, TEXTS[language], language)]
    first = _digest(tmp_path)
    speak(tmp_path, "Something else.", language)
    told.append(speak(tmp_path, TEXTS[language], language))
    assert _digest(tmp_path) == first
    assert told[0] == told[1]


@pytest.mark.parametrize("voice", ["joe", "espeak"])
def test_a_word_after_a_pause_begins_when_it_is_heard(tmp_path: Path, voice: str) -> None:
    told = speak(tmp_path, "The gate is open. Water runs in.", voice=voice)
    word = next(word for word in told["words"] if word["text"].startswith("Water"))
    samples = np.abs(_samples(tmp_path).astype(np.int32))
    pause_end = word["start_ms"] * SAMPLE_RATE // 1000
    loud = np.flatnonzero(samples[pause_end - SAMPLE_RATE // 10 :] > 600)[0] - SAMPLE_RATE // 10
    assert abs(loud) < 0.08 * SAMPLE_RATE


def test_numbers_and_joined_words_get_their_own_times(tmp_path: Path) -> None:
    told = speak(tmp_path, TEXTS["en"])
    lengths = {word["text"].strip(): word["end_ms"] - word["start_ms"] for word in told["words"]}
    assert 250 < lengths["42"] < 900
    assert 900 < lengths["1999."] < 1800
    assert 30 < lengths["of"] < 250
    assert lengths["Dr."] > 200


def test_markup_and_pictures_are_shown_but_not_said(tmp_path: Path) -> None:
    plain = speak(tmp_path, "The mill turns.")
    marked = speak(tmp_path, "The **mill** 🎉 turns.")
    assert abs(marked["duration_ms"] - plain["duration_ms"]) < 150
    assert "".join(word["text"] for word in marked["words"]) == "The **mill** 🎉 turns."


@pytest.mark.parametrize("text", ["", "   ", "🎉🎉", "— … —"])
def test_nothing_to_say_is_silence(tmp_path: Path, text: str) -> None:
    told = speak(tmp_path, text)
    assert (told["engine"], told["duration_ms"]) == ("silence", 2000)
    assert not _samples(tmp_path).any()


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no voice for the language tlh") as refusal:
        speak(tmp_path, "nuqneH", "tlh")
    assert (refusal.value.code, refusal.value.retryable) == ("unknown-language", False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_another_script_is_said_by_its_own_voice(tmp_path: Path, script: str) -> None:
    foreign = speak(tmp_path, SCRIPTS[script], "en")
    digest = _digest(tmp_path)
    assert speak(tmp_path, SCRIPTS[script], script) == foreign
    assert (foreign["engine"], _digest(tmp_path)) == ("espeak-ng", digest)
    assert "".join(word["text"] for word in foreign["words"]) == SCRIPTS[script]


@pytest.mark.parametrize(
    ("text", "language", "said_in"),
    [
        ("The mill Мельница turns.", "en", "en"),
        ("Мельница mill вертится.", "en", "ru"),
        ("The wheel turns.", "ru", "ru"),
        ("Млин біля моря.", "uk", "uk"),
        ("水車小屋", "ja", "ja"),
        ("水車小屋", "en", "zh"),
        ("水車小屋へ", "en", "ja"),
        ("1999 — 42", "de", "de"),
    ],
)
def test_most_letters_decide_the_voice(text: str, language: str, said_in: str) -> None:
    assert spoken_language(text, language=language) == said_in


def test_a_script_without_a_voice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as refusal:
        speak(tmp_path, "សួស្តី ពិភពលោក", "en")
    assert (refusal.value.code, refusal.value.retryable) == ("unknown-language", False)


@pytest.mark.parametrize(
    ("language", "text"), [*TEXTS.items(), *(("en", text) for text in SCRIPTS.values()), *HARD_TO_ESTIMATE]
)
def test_speech_is_never_longer_than_its_estimate(tmp_path: Path, language: str, text: str) -> None:
    told = speak(tmp_path, text, language)
    assert told["duration_ms"] <= timeline.estimated_speech_ms(text, language=language)


def test_five_thousand_characters_are_said(tmp_path: Path) -> None:
    told = speak(tmp_path, ("Die Mühle dreht sich. " * 500)[:5000], "de")
    assert told["duration_ms"] > 200_000
    assert told["words"][-1]["end_ms"] > told["duration_ms"] - 2000


def test_a_word_without_end_is_cut_into_pieces(tmp_path: Path) -> None:
    assert max(map(len, split("x" * 500))) <= 60
    assert speak(tmp_path, "x" * 200)["duration_ms"] > 1000


def test_speaking_faster_takes_less_time(tmp_path: Path) -> None:
    for voice in ("joe", "espeak"):
        slow = speak(tmp_path, "The wheel turns.", voice=voice, speed=0.8)
        fast = speak(tmp_path, "The wheel turns.", voice=voice, speed=1.25)
        assert fast["duration_ms"] < 0.8 * slow["duration_ms"]


@pytest.mark.parametrize(
    ("language", "name"),
    [("de", "de"), ("de-AT", "de"), ("pt-BR", "pt-br"), ("zh-CN", "cmn"), ("zh-HK", "yue"), ("iw", "he")],
)
def test_bcp_47_tags_find_a_voice(language: str, name: str) -> None:
    assert check_language(language) == name


def test_every_language_of_the_editor_has_a_voice() -> None:
    for code, _ in LANGUAGES:
        assert check_language(code)
    assert kinds()[0]["id"] == "joe"
    assert all(len(kind["languages"]) > 100 for kind in kinds()[1:])
    assert is_neural(language="en-GB", voice="")
    assert not is_neural(language="en", voice="espeak")


def test_asking_for_a_voice_loads_neither_numbers_nor_sound() -> None:
    ask = "from rendering import languages; assert languages.language_problem('xx')"
    heavy = "import sys; sys.exit(bool({'numpy', 'av', 'onnxruntime', 'pykakasi'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", f"{ask}; {heavy}"], check=False).returncode == 0


def test_words_keep_their_space_and_positions() -> None:
    for text in (*TEXTS.values(), "  two  spaces\nand a line ", "a—b (c) 'd'"):
        assert "".join(split(text)) == text
        assert len(spoken(text)) == len(text)


def test_alignment_survives_joined_dropped_and_changed_sounds() -> None:
    words = [list("ðiː"), [], list("ɒv"), list("kat")]
    assert first_sounds(words, list("ðəəvkæt")) == [(0, 2), None, (2, 4), (4, 7)]
    assert first_sounds([list("ab"), list("cd")], []) == [None, None]


def _samples(folder: Path) -> np.ndarray:
    with av.open(str(folder / "speech.flac")) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.sample_rate, stream.codec_context.layout.name) == (SAMPLE_RATE, "mono")
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(stream)])


def _digest(folder: Path) -> str:
    return hashlib.sha256((folder / "speech.flac").read_bytes()).hexdigest()
