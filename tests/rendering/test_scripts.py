"""A script becomes scenes: what starts one, what is spoken, what is shown, what is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.errors import InvalidInput
from rendering import conf, scripts
from rendering.choices import Motion
from rendering.errors import EditConflict, ScriptTooLong
from rendering.models import Project, Scene
from rendering.script_text import SceneDraft, parse_script
from tests.cast import Cast


def spoken(text: str) -> list[str]:
    return [draft.narration for draft in parse_script(text)]


def narrations(project: Project) -> list[str]:
    return list(
        Scene.objects.filter(project=project).order_by("position").values_list("narration", flat=True)
    )


def test_a_blank_line_starts_a_scene_and_a_line_break_does_not() -> None:
    assert spoken("One\nstill one.\n\n\n  \nTwo.\r\n\r\nThree.") == ["One still one.", "Two.", "Three."]


def test_a_heading_names_the_scene_below_it_and_is_not_spoken() -> None:
    drafts = parse_script("# The pond\n\nIt fills.\n\nIt waits.\n## The wheel\nIt turns.")
    assert [(d.heading, d.narration) for d in drafts] == [
        ("The pond", "It fills."),
        ("", "It waits."),
        ("The wheel", "It turns."),
    ]


def test_a_heading_with_nothing_below_is_a_scene_and_spoken() -> None:
    assert spoken("# Tide mills\n\n## The pond\nIt fills.\n\n# The end") == [
        "Tide mills",
        "It fills.",
        "The end",
    ]


def test_an_underlined_heading_is_a_heading_and_a_rule_only_parts_scenes() -> None:
    drafts = parse_script("Title\n=====\nOne.\n---\nTwo.")
    assert [(d.heading, d.narration) for d in drafts] == [("Title", "One."), ("", "Two.")]


def test_pictures_are_described_and_not_spoken() -> None:
    drafts = parse_script("![a wheel](w.png)\n\nIt turns.\n\nImage: flour in sacks\nIt grinds ![](x) on.")
    assert drafts == [
        SceneDraft(narration="It turns.", image_prompt="a wheel"),
        SceneDraft(narration="It grinds on.", image_prompt="flour in sacks"),
    ]


def test_a_second_picture_is_where_the_scene_changes() -> None:
    drafts = parse_script("Image: a\nOne.\nImage: b\nTwo.")
    assert [(d.image_prompt, d.narration) for d in drafts] == [("a", "One."), ("b", "Two.")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("The **mill** *waits* for __the__ _tide_.", "The mill waits for the tide."),
        ("See [the plan](http://x.test/a_(b)) now.", "See the plan now."),
        ("Use `gate` and snake_case, 5*3*2.", "Use gate and snake_case, 5*3*2."),
        ("> quoted <b>words</b> &amp; more[^1]", "quoted words & more"),
        (r"\*not emphasis\*", "*not emphasis*"),
        ("这是**重要**的。", "这是重要的。"),
        ("مرحبا **بالعالم**", "مرحبا بالعالم"),
        ("a<!-- not this -->b", "ab"),
    ],
)
def test_markup_is_not_spoken(line: str, words: str) -> None:
    assert spoken(line) == [words]


def test_code_is_left_out_and_parts_scenes() -> None:
    assert spoken("Before.\n```python\nx = 1\n\n# y\n```\nAfter.\n\n~~~\nz\n~~~") == ["Before.", "After."]


def test_items_of_a_list_are_sentences() -> None:
    assert spoken("1. Open the gate\n2. Wait!\n- [x] Close it") == ["Open the gate. Wait! Close it"]


def test_control_characters_disappear() -> None:
    assert spoken("A\x00B\u2028C\x1b") == ["AB C"]


@pytest.mark.parametrize("text", ["", " \n\t\n", "```\nonly code\n```", "<!-- nothing -->", "---\n\n***"])
def test_a_script_without_words_gives_no_scene(text: str) -> None:
    assert parse_script(text) == []


@given(st.text(max_size=2_000))
def test_any_text_gives_scenes_without_line_breaks(text: str) -> None:
    for draft in parse_script(text):
        assert draft.narration == " ".join(draft.narration.split())
        assert draft.narration or draft.image_prompt


@pytest.mark.parametrize("piece", ["[", "![", "**a ", "_a _", "<a", "<!--", "[a](", "`", "# ", "((", "*a *"])
def test_no_text_takes_quadratic_time(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        started = time.process_time()
        parse_script(text)
        return time.process_time() - started

    assert seconds(100_000) < 60 * max(seconds(5_000), 0.002)


def test_scenes_follow_the_script(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Mill", script="# The pond\nOne.\n\nTwo.")
    assert narrations(project) == ["One.", "Two."]
    assert Scene.objects.get(project=project, position=1).heading == "The pond"
    assert project.version == 2


def test_a_scene_with_the_same_narration_keeps_everything_else(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Mill", script="One.\n\nTwo.\n\nThree.")
    two = Scene.objects.get(project=project, position=2)
    scripts.update_scene(
        scene=two, motion=Motion.PAN_UP, duration_seconds=7.0, transition="fade", caption="2"
    )
    scripts.replace_script(project=project, script="Image: a gate\nTwo.\n\nNew.\n\nOne.")
    assert narrations(project) == ["Two.", "New.", "One."]
    kept = Scene.objects.get(project=project, position=1)
    assert (kept.pk, kept.motion, kept.duration_seconds, kept.transition) == (two.pk, "pan-up", 7.0, "fade")
    assert kept.image_prompt == "a gate"


def test_two_scenes_with_the_same_narration_stay_two(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Echo", script="Again.\n\nAgain.")
    first, second = Scene.objects.filter(project=project).order_by("position")
    scripts.replace_script(project=project, script="Again.\n\nAgain.\n\nAgain.")
    ids = list(Scene.objects.filter(project=project).order_by("position").values_list("pk", flat=True))
    assert ids[:2] == [first.pk, second.pk]
    assert len(ids) == 3


def test_an_edit_of_an_older_version_is_refused(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Mill", script="One.")
    scripts.replace_script(project=project, script="Two.", expected_version=project.version)
    with pytest.raises(EditConflict):
        scripts.replace_script(project=project, script="Three.", expected_version=project.version)
    assert narrations(project) == ["Two."]


@pytest.mark.parametrize(
    ("script", "hint"),
    [
        ("x" * 200_000, "100,000"),
        ("word " * 2_000, "blank line"),
        ("A.\n\n" * (conf.MAX_SCENES + 1), "several projects"),
        (f"Image: {'x' * 3_000}\nA.", "2,000"),
    ],
)
def test_a_script_that_is_too_long_says_what_to_do(inside_acme: Cast, script: str, hint: str) -> None:
    project = scripts.create_project(title="Mill", script="One.")
    with pytest.raises(ScriptTooLong) as refusal:
        scripts.replace_script(project=project, script=script)
    assert hint in refusal.value.detail
    assert narrations(project) == ["One."]


def test_an_empty_script_is_refused(inside_acme: Cast) -> None:
    project = scripts.create_project(title="Mill", script="One.")
    with pytest.raises(InvalidInput, match="no words"):
        scripts.replace_script(project=project, script=" \n ")


def test_slugs_come_from_titles_and_never_collide(inside_acme: Cast) -> None:
    titles = ["Mill", "Mill", "mill!", "潮汐磨坊", "水車"]
    slugs = [scripts.create_project(title=title).slug for title in titles]
    assert slugs == ["mill", "mill-2", "mill-3", "project", "project-2"]
