"""Where captions stand, how loud music is, and words over a clip: in the plan, and in what it is known by."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from rendering import pipeline
from rendering.film import Film, Known, StepDraft
from rendering.models import Project, StepKind
from tests.rendering.test_pipeline import film, made, scene

PICTURE = {"sha256": "a" * 64, "storage_key": "assets/mill.jpg"}
CLIP = {"sha256": "b" * 64, "storage_key": "assets/mill.mp4", "clip_seconds": 4.0}
PROJECT = "/api/v1/projects/mill"


def with_script(a_film: Film, **changes: Any) -> Film:
    """The same film with other settings of its project."""
    a_film.script.update(changes)
    return a_film


def steps(a_film: Film, kind: StepKind) -> list[StepDraft]:
    known: Known = made(a_film)
    for (made_kind, index, part), output in known.items():
        asset = a_film.scenes[index or 0]["asset"]
        if made_kind == StepKind.IMAGE and part == 0 and asset and "clip_seconds" in asset:
            output |= {"clip": asset["storage_key"], "clip_frames": 120}
    return [draft for draft in pipeline.plan(a_film, known) if draft.kind == kind]


def captions_of(*scenes: dict[str, Any], place: str) -> list[str]:
    drafts = steps(with_script(film(*scenes), caption_place=place), StepKind.SEGMENT)
    return [draft.inputs.get("caption_place", "bottom") for draft in drafts]


PHOTO = {"look": "photo", "is_pictured": True, "asset": PICTURE, "words": "", "heading": ""}
TITLE = {"look": "title", "is_pictured": False, "words": "The moon", "heading": ""}


def test_captions_stand_where_they_are_wanted_and_never_on_the_words_of_a_card() -> None:
    scenes = scene("One.", **PHOTO), scene("Two.", **TITLE), scene("Three.", **PHOTO | {"heading": "Sea"})
    assert captions_of(*scenes, place="top") == ["top", "top", "top"]
    assert captions_of(*scenes, place="middle") == ["middle", "bottom", "bottom"]
    assert captions_of(*scenes, place="bottom") == ["bottom"] * 3


def test_a_card_makes_room_for_captions_at_the_top() -> None:
    def cards(**changes: Any) -> list[StepDraft]:
        return steps(with_script(film(scene("Two.", **TITLE)), **changes), StepKind.IMAGE)

    assert cards(caption_place="top")[0].inputs["caption_place"] == "top"
    assert cards(caption_place="top", captions="off") == cards()


@pytest.mark.parametrize("setting", [{"caption_place": "bottom"}, {"music_level": "normal"}])
def test_what_older_films_made_is_found_again(setting: dict[str, str]) -> None:
    scenes = scene("One.", **PHOTO), scene("Two.", **TITLE)
    before = film(*scenes)
    after = with_script(film(*scenes), **setting)
    known = made(before)
    assert [d.cache_key for d in pipeline.plan(before, known)] == [
        d.cache_key for d in pipeline.plan(after, known)
    ]


def test_the_level_of_music_is_part_of_the_sound_only_with_music() -> None:
    def sound(**changes: Any) -> StepDraft:
        return steps(with_script(film(scene("One.")), **changes), StepKind.SOUND)[0]

    loud = sound(music="calm", music_level="loud")
    assert loud.inputs["music_level"] == "loud"
    assert loud.cache_key != sound(music="calm").cache_key
    assert sound(music="none", music_level="loud").cache_key == sound().cache_key


def test_a_heading_is_laid_over_a_clip_and_into_the_scene_that_goes_over_to_it() -> None:
    clip = scene("Two.", **PHOTO | {"asset": CLIP, "heading": "The mill"})
    first, second = steps(film(scene("One.", transition="dissolve"), clip), StepKind.SEGMENT)
    assert second.inputs["words"]["heading"] == first.inputs["next_words"]["heading"] == "The mill"
    bare = steps(film(scene("Two.", **PHOTO | {"asset": CLIP})), StepKind.SEGMENT)[0]
    assert "words" not in bare.inputs


def test_both_are_settings_of_a_project(alice: APIClient, mill: Project) -> None:
    plain = alice.get(PROJECT).json()
    assert (plain["caption_place"], plain["music_level"]) == ("bottom", "normal")
    changed = alice.patch(PROJECT, {"caption_place": "top", "music_level": "quiet"}).json()
    assert (changed["caption_place"], changed["music_level"]) == ("top", "quiet")


@pytest.mark.parametrize("body", [{"caption_place": "left"}, {"music_level": "11"}])
def test_other_values_are_refused(alice: APIClient, mill: Project, body: dict[str, str]) -> None:
    assert alice.patch(PROJECT, body).status_code == 400
