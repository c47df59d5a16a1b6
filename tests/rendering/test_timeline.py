"""Lengths are whole frames of one scene: nothing drifts, and editing one scene moves no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rendering import timeline

FPS = st.sampled_from([24, 25, 30, 60])


@given(speech_ms=st.integers(1, 600_000), fps=FPS)
def test_a_scene_is_long_enough_for_its_voice(speech_ms: int, fps: int) -> None:
    timing = timeline.scene_timing(speech_ms=speech_ms, wanted_seconds=None, fps=fps)
    voice_ends = timing.speech_start_frame / fps + speech_ms / 1000
    assert timing.frames / fps >= voice_ends + timeline.TAIL_SECONDS - 1e-6


@given(speech_ms=st.integers(1, 600_000), fps=FPS)
def test_a_scene_is_no_longer_than_a_frame_over_what_it_needs(speech_ms: int, fps: int) -> None:
    timing = timeline.scene_timing(speech_ms=speech_ms, wanted_seconds=None, fps=fps)
    spoken = timing.speech_start_frame / fps + speech_ms / 1000 + timeline.TAIL_SECONDS
    assert timing.frames / fps < max(spoken, timeline.SHORTEST_SECONDS) + 1.001 / fps


@given(seconds=st.integers(1, 120), fps=FPS)
def test_a_wanted_length_is_met_exactly(seconds: int, fps: int) -> None:
    timing = timeline.scene_timing(speech_ms=0, wanted_seconds=float(seconds), fps=fps)
    assert timing.frames == seconds * fps


@given(frames=st.integers(1, 20_000))
def test_parts_cover_a_scene_without_gap_or_overlap(frames: int) -> None:
    spans = timeline.parts(frames)
    assert [first for first, _ in spans] == [sum(n for _, n in spans[:i]) for i in range(len(spans))]
    assert sum(count for _, count in spans) == frames


@given(frames=st.integers(1, 20_000))
def test_no_part_is_too_long_for_the_step_limit(frames: int) -> None:
    counts = [count for _, count in timeline.parts(frames)]
    assert max(counts) <= timeline.SEGMENT_FRAMES
    assert max(counts) - min(counts) <= 1


def test_an_estimate_of_speech_is_generous_and_zero_for_silence() -> None:
    assert timeline.estimated_speech_ms("", language="en") == 0
    assert timeline.estimated_speech_ms("Twice a day the sea walks up the creek.", language="en") > 3_000
