"""Units: integers inside, minutes and GB outside, and percentages that never round up to full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.meters import Meter, percent_of


@pytest.mark.parametrize(
    ("meter", "amount", "shown"),
    [
        (Meter.IMAGES, 500, 500),
        (Meter.RENDER, 475 * 60_000, 475),
        (Meter.RENDER, 90_000, 1.5),
        (Meter.TTS, 61, 0.001),
        (Meter.STORAGE, 100 * 10**9, 100),
        (Meter.STORAGE, 1_234_567_890, 1.235),
    ],
)
def test_amounts_are_shown_in_the_unit_of_their_meter(meter: Meter, amount: int, shown: float) -> None:
    assert meter.shown(amount) == shown


def test_whole_numbers_are_shown_without_a_point() -> None:
    assert str(Meter.RENDER.shown(475 * 60_000)) == "475"


def test_a_request_is_never_shown_smaller_than_it_is() -> None:
    assert Meter.STORAGE.shown(1) == 0
    assert Meter.STORAGE.shown_up(1) == 0.001


@given(meter=st.sampled_from(list(Meter)), shown=st.integers(0, 10**6))
def test_a_limit_survives_the_way_to_the_smallest_unit_and_back(meter: Meter, shown: int) -> None:
    assert meter.shown(meter.smallest(shown)) == shown


@given(limit=st.integers(1, 10**15), amount=st.integers(0, 10**15))
def test_only_a_full_meter_is_at_100_percent(limit: int, amount: int) -> None:
    assert (percent_of(amount, limit) >= 100) == (amount >= limit)


def test_unlimited_is_never_full_and_a_limit_of_nothing_always() -> None:
    assert percent_of(10**12, None) == 0
    assert percent_of(0, 0) == 100
