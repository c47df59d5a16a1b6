"""How pages write lengths, sizes, ages and states."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cutroom import clock
from rendering.models import RenderJob
from rendering.templatetags import film


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [(0, "0:00"), (46_400, "0:46"), (59_600, "1:00"), (128_000, "2:08"), (4_360_000, "1:12:40"), (None, "–")],
)
def test_lengths(milliseconds: float | None, written: str) -> None:
    assert film.timecode(milliseconds) == written


@pytest.mark.parametrize(
    ("size", "written"),
    [(0, "0 B"), (999, "999 B"), (41_200_000, "41 MB"), (1_540_000_000, "1.5 GB"), (None, "–")],
)
def test_sizes(size: int | None, written: str) -> None:
    assert film.size(size) == written


@pytest.mark.parametrize(
    ("passed", "written"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=9), "9 d"),
    ],
)
def test_ages(passed: timedelta, written: str) -> None:
    assert film.age(clock.now() - passed) == written


@pytest.mark.parametrize(
    ("state", "degraded", "word", "look"),
    [
        ("queued", [], "Queued", "wait"),
        ("running", [], "Rendering", "live"),
        ("succeeded", [], "Ready", "ok"),
        ("succeeded", ["built-in voice"], "Ready, degraded", "warn"),
        ("failed", ["built-in voice"], "Failed", "bad"),
        ("cancelled", [], "Cancelled", "wait"),
    ],
)
def test_states_have_a_word_and_a_look(state: str, degraded: list[str], word: str, look: str) -> None:
    job = RenderJob(state=state, degraded=degraded)
    assert (film.state_word(job), film.state_class(job)) == (word, look)
