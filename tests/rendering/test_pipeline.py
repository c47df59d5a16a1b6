"""The plan is a pure function: script and known outputs in, describable steps out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rendering import pipeline
from rendering.film import Film, Known, Slot, StepDraft
from rendering.models import StepKind


def scene(narration: str, **changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "position": 0,
        "narration": narration,
        "caption": "",
        "image_prompt": "",
        "asset": None,
        "duration_seconds": None,
        "transition": "cut",
        "motion": "auto",
    }
    return {**plain, **changes}


def film(*scenes: dict[str, Any], **changes: Any) -> Film:
    script = {"language": "en", "voice": "", "is_captioned": True, "scenes": list(scenes)}
    settings: dict[str, Any] = {"resolution": "720p", "aspect": "16:9", "fps": 30, "quality": "final"}
    return Film(script=script, title="Tides", **{**settings, **changes})


def made(a_film: Film) -> Known:
    """Outputs as if every describable step had been done, round after round."""
    known: Known = {}
    while fresh := [d for d in pipeline.plan(a_film, known) if d.slot not in known]:
        for draft in fresh:
            known[draft.slot] = output(draft)
    return known


def output(draft: StepDraft) -> dict[str, Any]:
    made_of = {"content": draft.cache_key, "storage_key": f"cache/{draft.cache_key}"}
    if draft.kind == StepKind.NARRATION:
        words = [
            {"text": f"{w} ", "start_ms": i * 300, "end_ms": i * 300 + 280}
            for i, w in enumerate(draft.inputs["text"].split())
        ]
        return {**made_of, "duration_ms": 300 * len(words), "words": words}
    return made_of


def keys(a_film: Film) -> dict[Slot, str]:
    return {draft.slot: draft.cache_key for draft in pipeline.plan(a_film, made(a_film))}


THREE = (scene("The sea walks up the creek."), scene("The moon pulls."), scene("A gate closes by itself."))


def test_only_pictures_and_voices_can_start_at_once() -> None:
    kinds = Counter(draft.kind for draft in pipeline.plan(film(*THREE), {}))
    assert kinds == {StepKind.IMAGE: 3, StepKind.NARRATION: 3}


def test_everything_known_gives_one_sound_and_one_stitch() -> None:
    a_film = film(*THREE)
    kinds = Counter(draft.kind for draft in pipeline.plan(a_film, made(a_film)))
    assert kinds[StepKind.SOUND] == kinds[StepKind.STITCH] == 1
    assert kinds[StepKind.SEGMENT] == 3


def test_a_scene_starts_its_segments_without_waiting_for_the_others() -> None:
    a_film = film(*THREE)
    done = {slot: out for slot, out in made(a_film).items() if slot[1] == 1}
    segments = [d.scene for d in pipeline.plan(a_film, done) if d.kind == StepKind.SEGMENT]
    assert segments == [1]


def test_a_long_scene_is_cut_into_segments_of_at_most_150_frames() -> None:
    a_film = film(scene("word " * 60))
    counts = [
        d.inputs["frame_count"] for d in pipeline.plan(a_film, made(a_film)) if d.kind == StepKind.SEGMENT
    ]
    assert len(counts) > 1
    assert max(counts) <= 150


def test_editing_one_scene_changes_its_own_steps_sound_and_stitch_only() -> None:
    before = keys(film(*THREE))
    after = keys(film(THREE[0], scene("The moon pulls the water."), THREE[2]))
    changed = {slot for slot in after if before.get(slot) != after[slot]}
    scenes = {
        slot[1] for slot in changed if slot[0] in (StepKind.NARRATION, StepKind.SEGMENT, StepKind.IMAGE)
    }
    assert scenes == {1}
    assert {slot[0] for slot in changed if slot[1] is None} == {StepKind.SOUND, StepKind.STITCH}


def test_editing_only_a_caption_keeps_picture_and_voice() -> None:
    before = keys(film(*THREE))
    after = keys(film(THREE[0], scene("The moon pulls.", caption="Moon!"), THREE[2]))
    changed = {slot[0] for slot in after if before.get(slot) != after[slot]}
    assert changed == {StepKind.SEGMENT, StepKind.STITCH}


def test_moving_a_scene_makes_no_picture_voice_or_segment_anew() -> None:
    made_before = set(keys(film(*THREE)).values())
    moved = keys(film(THREE[2], THREE[0], THREE[1]))
    new = {slot[0] for slot, key in moved.items() if key not in made_before}
    assert new <= {StepKind.SOUND, StepKind.STITCH}


def test_a_dissolve_waits_for_the_next_picture() -> None:
    a_film = film(scene("One two.", transition="dissolve"), scene("Three."))
    known = {slot: out for slot, out in made(a_film).items() if slot != (StepKind.IMAGE, 1, 0)}
    assert not [d for d in pipeline.plan(a_film, known) if d.kind == StepKind.SEGMENT and d.scene == 0]


def test_the_last_scene_has_nothing_to_dissolve_into() -> None:
    a_film = film(scene("One two.", transition="dissolve"))
    segment = next(d for d in pipeline.plan(a_film, made(a_film)) if d.kind == StepKind.SEGMENT)
    assert segment.inputs["transition"] == "cut"


def test_captions_lie_within_their_scene_and_in_order() -> None:
    a_film = film(scene("word " * 40), scene("more " * 40))
    stitch = next(d for d in pipeline.plan(a_film, made(a_film)) if d.kind == StepKind.STITCH)
    times = [(c["start_ms"], c["end_ms"]) for c in stitch.inputs["captions"]]
    assert times == sorted(times)
    assert all(start < end for start, end in times)
    assert times[-1][1] <= sum(stitch.inputs["segment_frames"]) * 1000 / 30 + 1


def test_where_a_file_lies_does_not_change_what_it_is() -> None:
    a_film = film(*THREE)
    known = made(a_film)
    moved = {slot: {**out, "storage_key": f"elsewhere/{out['content']}"} for slot, out in known.items()}
    first = [d.cache_key for d in pipeline.plan(a_film, known)]
    assert first == [d.cache_key for d in pipeline.plan(a_film, moved)]


def test_the_outlook_covers_steps_that_cannot_be_described_yet() -> None:
    a_film = film(*THREE)
    described = sum(draft.work for draft in pipeline.plan(a_film, {}))
    assert pipeline.outlook(a_film, {}) > described
