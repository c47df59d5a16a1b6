"""Words light up with the voice: measured on decoded frames against the voice's own timings."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from rendering.media import narration, segments
from rendering.media.captions import AMBER, INK, caption_overlay
from rendering.media.colour import planes_to_rgb, rgb_to_planes
from rendering.media.planes import Planes
from rendering.media.specs import NarrationSpec
from rendering.media.subtitles import Caption, captions_from_words
from rendering.media.words import Word, split
from tests.rendering.media.stills import flat, segment_spec

WIDTH, HEIGHT = 640, 360
LEAD_SECONDS = 0.3
TOLERANCE_SECONDS = 0.08
SENTENCES = {
    "en": "The tide turns, and the wheel turns with it.",
    "de": "Das Wasser kommt am Morgen wieder.",
    "ar": "حارس المنارة يصعد الدرج كل مساء",
    "zh": "水车在夜里转动",
}


@pytest.mark.parametrize("fps", [24, 30])
@pytest.mark.parametrize("language", SENTENCES)
def test_every_word_lights_up_within_80_ms_of_the_voice(tmp_path: Path, language: str, fps: int) -> None:
    spoken = speak(SENTENCES[language], language, tmp_path)
    [caption] = captions_from_words(spoken)
    frames = filmed(caption, fps=fps, folder=tmp_path)
    words = [word["text"] for word in caption["words"]]
    bare = part(rgb_to_planes(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)))
    looks = [bare, *(drawn(caption["text"], words, lit) for lit in range(len(words)))]
    lit_in = [int(np.argmin([distance(frame, look) for look in looks])) - 1 for frame in frames]
    for number, word in enumerate(caption["words"]):
        first = lit_in.index(number) / fps
        assert first == pytest.approx(LEAD_SECONDS + word["start_ms"] / 1000, abs=TOLERANCE_SECONDS)
    assert lit_in == sorted(lit_in)


def speak(text: str, language: str, folder: Path) -> list[Word]:
    spec = NarrationSpec(out_path=str(folder / "voice.flac"), text=text, language=language)
    words: list[Word] = narration.run(spec, progress=lambda _: None)["words"]
    return words


def filmed(caption: Caption, *, fps: int, folder: Path) -> list[np.ndarray]:
    """The caption's part of every decoded frame, times counted as the engine counts them."""
    lead = round(LEAD_SECONDS * fps)
    first, end = (lead + round(caption[edge] * fps / 1000) for edge in ("start_ms", "end_ms"))
    words = [
        {"text": word["text"], "start_frame": lead + round(word["start_ms"] * fps / 1000)}
        for word in caption["words"]
    ]
    cue = {"text": caption["text"], "start_frame": first, "end_frame": end, "words": words}
    still = flat(folder / "grey.png", (90, 90, 90), size=(WIDTH, HEIGHT))
    spec = segment_spec(
        folder, still_path=still, width=WIDTH, height=HEIGHT, fps=fps, scene_frames=end, frame_count=end,
        motion="none", captions=[cue],
    )  # fmt: skip
    segments.run(spec, progress=lambda _: None)
    with av.open(spec.out_path) as film:
        return [part(planes(frame)) for frame in film.decode(video=0)]


def planes(frame: av.VideoFrame) -> Planes:
    whole = np.asarray(frame.to_ndarray(format="nv12"), np.uint8)
    return Planes(whole[:HEIGHT], whole[HEIGHT:].reshape(HEIGHT // 2, WIDTH // 2, 2))


def drawn(text: str, words: list[str], lit: int) -> np.ndarray:
    frame = rgb_to_planes(np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    overlay = caption_overlay(text, width=WIDTH, height=HEIGHT, language="en", words=tuple(words), lit=lit)
    overlay.blend(frame)
    return part(frame)


def part(frame: Planes) -> np.ndarray:
    return planes_to_rgb(frame)[HEIGHT * 3 // 4 :].astype(float)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize(
    "text", [*SENTENCES.values(), "Mixed שלום עולם and more words", "ज्वार तालाब को भर देता है।"]
)
def test_each_word_is_lit_alone_and_whole(text: str) -> None:
    words = split(text)
    plain = drawn(" ".join(text.split()), words, -1)
    seen = np.zeros(plain.shape[:2], bool)
    for lit, word in enumerate(words):
        if not word.strip():
            continue
        changed = np.abs(drawn(" ".join(text.split()), words, lit) - plain).max(axis=2) > 40
        assert changed.any()
        assert not (changed & seen).any()
        seen |= changed
    white = np.abs(plain - INK).max(axis=2) < 12
    assert (white & ~seen).sum() < 0.03 * white.sum()


def test_an_accent_that_cannot_be_read_on_the_plate_is_amber() -> None:
    def colours(accent: str) -> np.ndarray:
        overlay = caption_overlay(
            "Two words", width=WIDTH, height=HEIGHT, words=("Two ", "words"), lit=0, accent=accent
        )
        return np.concatenate([plane.ravel() for plane in overlay.light])

    assert np.array_equal(colours("#201010"), colours(""))
    assert not np.array_equal(colours("#40ff80"), colours(""))
    assert AMBER[2] < AMBER[0]
