"""The dial and the strip, as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom import dials
from rendering import drawings


def test_the_dial_sweeps_a_quarter_to_the_right() -> None:
    assert dials.leader(25).arc == "M60 14A46 46 0 0 1 106.0 60.0"


def test_beyond_half_the_dial_takes_the_long_way() -> None:
    assert " 0 1 1 " in dials.leader(62).arc
    assert " 0 0 1 " in dials.leader(50).arc


@pytest.mark.parametrize("percent", [100, 140])
def test_the_full_dial_is_a_whole_ring(percent: int) -> None:
    assert dials.leader(percent).percent == 100
    assert dials.leader(percent).sweep.endswith("59.9 14z")


def test_the_strip_is_shared_out_by_length() -> None:
    spans = drawings.spans([1000, 3000])
    assert [(span.x, span.width) for span in spans] == [(0.0, 25.0), (25.0, 75.0)]


def test_an_empty_strip_has_no_spans() -> None:
    assert drawings.spans([]) == []


@given(st.integers(min_value=1, max_value=5 * 3600 * 1000))
def test_the_ruler_never_gets_crowded(milliseconds: int) -> None:
    marks = drawings.ticks(milliseconds)
    assert 1 <= len(marks) <= 31
    assert all(0 <= mark.x < 97.01 for mark in marks)


def test_the_ruler_of_a_short_film_counts_in_fives() -> None:
    assert [mark.milliseconds for mark in drawings.ticks(46_400)] == list(range(0, 46_000, 5000))
