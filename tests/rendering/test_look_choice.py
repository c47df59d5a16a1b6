"""The look of a scene follows from its words and its picture, unless somebody chose one."""

from __future__ import annotations

from typing import Any

import pytest

from rendering import scripts, snapshots
from rendering.choices import Look
from rendering.looks import look_of, words_of
from rendering.models import Project, Scene
from tests.cast import Cast


def scene(**changes: Any) -> dict[str, Any]:
    return {"narration": "", "heading": "", "image_prompt": "", "asset": None} | changes


@pytest.mark.parametrize(
    ("changes", "look"),
    [
        ({"narration": '"All that we see is a dream." — Edgar Poe'}, Look.QUOTE),
        ({"narration": "You need three things: water, coffee, patience."}, Look.LIST),
        ({"narration": "Wind gives 38%, solar 24%."}, Look.CHART),
        ({"narration": "Wind gives 38%, solar 24%.", "asset": {"sha256": "a"}}, Look.PHOTO),
    ],
)
def test_auto_reads_the_words(changes: dict[str, Any], look: Look) -> None:
    assert look_of(scene(**changes), wanted="auto", makes_pictures=False) == look


def test_plain_words_get_a_title_or_a_split_card_and_always_the_same() -> None:
    words = [f"The tide turns, number {number}." for number in range(40)]
    looks = [look_of(scene(narration=text), wanted="auto", makes_pictures=False) for text in words]
    assert set(looks) == {Look.TITLE, Look.SPLIT}
    assert looks == [look_of(scene(narration=text), wanted="auto", makes_pictures=False) for text in words]


def test_a_provider_that_paints_is_asked_for_plain_words_only() -> None:
    assert look_of(scene(narration="The tide turns."), wanted="auto", makes_pictures=True) == Look.PHOTO
    assert look_of(scene(narration="A 10%, B 20%."), wanted="auto", makes_pictures=True) == Look.CHART


def test_a_choice_wins_and_the_scenes_over_the_projects(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Mill", script="One.\n\nTwo.", look="split")
    scripts.update_scene(scene=Scene.objects.get(project=project, position=2), look="quote")
    rows = snapshots.script_of(project, list(project.scenes.order_by("position")))["scenes"]
    assert [row["look"] for row in rows] == ["split", "quote"]


def test_a_picture_stands_for_itself_unless_it_has_a_heading() -> None:
    shown = scene(narration="One.", asset={"sha256": "a"})
    assert words_of(shown, look=Look.PHOTO, makes_pictures=False) == ""
    assert words_of(scene(image_prompt="A mill"), look=Look.PHOTO, makes_pictures=False) == "A mill"
    assert words_of(scene(image_prompt="A mill"), look=Look.PHOTO, makes_pictures=True) == ""


def test_a_heading_of_a_script_stands_on_its_scene(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Mill", script="# The pond\nThe tide fills it.")
    row = snapshots.script_of(project, list(Project.objects.get(pk=project.pk).scenes.all()))["scenes"][0]
    assert (row["heading"], row["words"]) == ("The pond", "")


def test_a_heading_too_long_to_stand_there_says_what_the_picture_shows(inside_acme: Cast) -> None:
    heading = "word " * 60
    project = scripts.create_project(title="Mill", script=f"# {heading}\nThe tide fills it.")
    made = project.scenes.get()
    assert (made.heading, made.image_prompt) == ("", heading.strip())
