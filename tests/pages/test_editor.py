"""The scene editor: one form, one deed a submit, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from rendering import scripts
from rendering.models import Asset, Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.cast import Cast

Words = Callable[[Project], list[str]]


def typed(project: Project, number: int = 1, **changes: Any) -> dict[str, Any]:
    """What the browser sends when the scene `number` is open and nothing but `changes` was touched."""
    with tenant_context(project.tenant_id):
        project = Project.objects.get(pk=project.pk)
        scene = Scene.objects.get(project=project, position=number)
    stored = {
        "version": project.version,
        "scene": scene.pk,
        "title": project.title,
        "aspect": project.aspect,
        "language": project.language,
        "voice": project.voice,
        "music": project.music,
        "captions": project.captions,
        "look": project.look,
        "is_branded": "on" if project.is_branded else None,
        "narration": scene.narration,
        "image_prompt": scene.image_prompt,
        "transition": scene.transition,
        "motion": scene.motion,
        "caption": scene.caption,
        "resolution": "1080p",
        "fps": "24",
        "deed": "save",
    }
    return {name: value for name, value in (stored | changes).items() if value is not None}


def test_it_opens_the_scene_that_the_address_names(alice_browser: Client, mill: Project) -> None:
    page = alice_browser.get("/projects/mill?scene=2").content.decode()
    assert "Scene <span" in page
    assert "\nThe gate falls shut.</textarea>" in page


@pytest.mark.parametrize("scene", ["0", "99", "-1", "x", "9" * 50, ""])
def test_a_wrong_number_opens_the_nearest_scene(alice_browser: Client, mill: Project, scene: str) -> None:
    assert alice_browser.get(f"/projects/mill?scene={scene}").status_code == 200


def test_saving_keeps_what_was_typed(alice_browser: Client, mill: Project, words_of: Words) -> None:
    answer = alice_browser.post(
        "/projects/mill", typed(mill, 2, narration="It falls.\r\nShut.", title="Tide mill")
    )
    assert answer["Location"] == "/projects/mill?scene=2"
    assert words_of(mill)[1] == "It falls.\nShut."


def test_saving_nothing_new_makes_no_new_version(alice_browser: Client, mill: Project) -> None:
    alice_browser.post("/projects/mill", typed(mill))
    with tenant_context(mill.tenant_id):
        assert Project.objects.get(pk=mill.pk).version == mill.version


@pytest.mark.parametrize(
    ("deed", "number", "shown", "order"),
    [
        ("up", 2, 2 - 1, ["gate", "tide", "wheel"]),
        ("down", 2, 3, ["tide", "wheel", "gate"]),
        ("up", 1, 1, ["tide", "gate", "wheel"]),
        ("duplicate", 1, 2, ["tide", "tide", "gate", "wheel"]),
        ("add", 1, 2, ["tide", "", "gate", "wheel"]),
        ("delete", 2, 2, ["tide", "wheel"]),
    ],
)
def test_each_deed_is_one_submit(
    alice_browser: Client,
    mill: Project,
    words_of: Words,
    deed: str,
    number: int,
    shown: int,
    order: list[str],
) -> None:
    answer = alice_browser.post("/projects/mill", typed(mill, number, deed=deed))
    assert answer["Location"] == f"/projects/mill?scene={shown}"
    assert [
        next((word for word in ("tide", "gate", "wheel") if word in text), "") for text in words_of(mill)
    ] == order


def test_a_deed_also_saves(alice_browser: Client, mill: Project, words_of: Words) -> None:
    alice_browser.post("/projects/mill", typed(mill, 1, deed="down", narration="The sea fills the pond."))
    assert words_of(mill)[1] == "The sea fills the pond."


@pytest.mark.parametrize(("setting", "hint"), [("language", "de, "), ("voice", "joe, espeak")])
def test_a_setting_that_nobody_speaks_is_refused_at_its_field(
    alice_browser: Client, mill: Project, setting: str, hint: str
) -> None:
    page = alice_browser.post("/projects/mill", typed(mill) | {setting: "xx"})
    assert page.status_code == 422
    assert hint in " ".join(page.context["forms"].project.errors[setting])


@pytest.mark.parametrize(
    ("text", "cursor", "halves"),
    [
        ("One two. Three four.", 8, ["One two.", "Three four."]),
        ("🎬🎬 cut here", 3, ["🎬🎬", "cut here"]),
        ("First.\n\nSecond.", "", ["First.", "Second."]),
        ("First.\n\nSecond.", 15, ["First.", "Second."]),
    ],
)
def test_splitting_at_the_cursor_or_at_the_blank_line(
    alice_browser: Client, mill: Project, words_of: Words, text: str, cursor: int | str, halves: list[str]
) -> None:
    alice_browser.post("/projects/mill", typed(mill, 1, deed="split", narration=text, split_at=cursor))
    assert words_of(mill)[:2] == halves


def test_a_scene_that_cannot_be_split_says_why(alice_browser: Client, mill: Project, words_of: Words) -> None:
    answer = alice_browser.post("/projects/mill", typed(mill, 1, deed="split", narration="One.", split_at=4))
    assert answer.status_code == 422
    assert "where the scene should be split" in answer.content.decode()
    assert len(words_of(mill)) == 3


def test_a_pasted_script_replaces_the_scenes(alice_browser: Client, mill: Project, words_of: Words) -> None:
    alice_browser.post("/projects/mill", typed(mill, deed="paste", script="# Intro\nHello.\n\nGoodbye."))
    assert words_of(mill) == ["Hello.", "Goodbye."]


def test_mistakes_are_listed_and_the_input_stays(
    alice_browser: Client, mill: Project, words_of: Words
) -> None:
    wrong = {"title": "", "duration_seconds": "900", "narration": "Still here."}
    answer = alice_browser.post("/projects/mill", typed(mill, 1, **wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert 'href="#id_title"' in page
    assert 'href="#id_duration_seconds"' in page
    assert "\nStill here.</textarea>" in page
    assert "Still here." not in words_of(mill)


def test_an_unknown_choice_is_a_mistake_not_a_crash(alice_browser: Client, mill: Project) -> None:
    answer = alice_browser.post("/projects/mill", typed(mill, transition="wipe", resolution="8k", fps="23"))
    assert answer.status_code == 422


def test_two_people_editing_are_both_heard(
    alice_browser: Client, bob_browser: Client, mill: Project, words_of: Words
) -> None:
    stale = typed(mill, 1, narration="From Alice.")
    bob_browser.post("/projects/mill", typed(mill, 1, narration="From Bob."))
    answer = alice_browser.post("/projects/mill", stale)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "From Bob." in page
    assert "\nFrom Alice.</textarea>" in page
    assert words_of(mill)[0] == "From Bob."

    kept = stale | {"version": answer.context["forms"].deed["version"].value()}
    alice_browser.post("/projects/mill", kept)
    assert words_of(mill)[0] == "From Alice."


def test_a_scene_deleted_elsewhere_does_not_swallow_the_text(
    alice_browser: Client, bob_browser: Client, mill: Project
) -> None:
    stale = typed(mill, 3, narration="A long thought.")
    bob_browser.post("/projects/mill", typed(mill, 3, deed="delete"))
    answer = alice_browser.post("/projects/mill", stale)
    assert answer.status_code == 409
    assert "A long thought.</textarea>" in answer.content.decode()


def test_a_picture_replaces_the_card(alice_browser: Client, mill: Project, media: Path) -> None:
    picture = BytesIO()
    Image.new("RGB", (1600, 1200), (200, 80, 40)).save(picture, format="PNG")
    upload = SimpleUploadedFile("mill.png", picture.getvalue(), content_type="image/png")
    alice_browser.post("/projects/mill", typed(mill, 1, deed="upload", picture=upload))
    page = alice_browser.get("/projects/mill")
    assert "your own picture" in page.content.decode()
    small = alice_browser.get(page.context["frame"].picture_url)
    assert Image.open(BytesIO(small.content)).size == (640, 360)

    alice_browser.post("/projects/mill", typed(mill, 1, deed="drop-picture"))
    assert "drawn from words" in alice_browser.get("/projects/mill").content.decode()


def test_a_file_that_is_no_picture_is_refused(alice_browser: Client, mill: Project, media: Path) -> None:
    upload = SimpleUploadedFile("mill.png", b"just words", content_type="image/png")
    answer = alice_browser.post("/projects/mill", typed(mill, 1, deed="upload", picture=upload))
    assert answer.status_code == 422
    assert 'id="id_picture_error"' in answer.content.decode()
    with tenant_context(mill.tenant_id):
        assert not Asset.objects.exists()


def test_the_card_in_the_editor_may_be_kept_for_good(alice_browser: Client, mill: Project) -> None:
    frame = alice_browser.get("/projects/mill").context["frame"]
    answer = alice_browser.get(frame.picture_url)
    assert "immutable" in answer["Cache-Control"]
    assert Image.open(BytesIO(answer.content)).size == (640, 360)
    alice_browser.post("/projects/mill", typed(mill, 1, image_prompt="Something else"))
    assert alice_browser.get("/projects/mill").context["frame"].picture_url != frame.picture_url


def test_rendering_saves_and_goes_to_the_status_page(
    alice_browser: Client, mill: Project, words_of: Words
) -> None:
    answer = alice_browser.post(
        "/projects/mill", typed(mill, 1, deed="render", narration="Last words.", fps="30")
    )
    with tenant_context(mill.tenant_id):
        job = RenderJob.objects.get()
    assert answer["Location"] == f"/renders/{job.pk}"
    assert (job.resolution, job.fps) == ("1080p", 30)
    assert job.script["scenes"][0]["narration"] == "Last words."
    assert alice_browser.get("/projects/mill").context["forms"].render["fps"].value() == 30


def test_nothing_to_render_is_said_in_place(alice_browser: Client, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        project = scripts.create_project(title="Empty")
        scripts.add_scene(project=project)
    answer = alice_browser.post("/projects/empty", typed(project, deed="render"), follow=True)
    assert "There is nothing to render yet" in answer.content.decode()


def test_a_project_of_another_workspace_is_not_there(charlie_browser: Client, mill: Project) -> None:
    assert charlie_browser.get("/projects/mill").status_code == 404
    assert charlie_browser.post("/projects/mill", typed(mill)).status_code == 404


def test_strangers_sign_in_first_and_come_back(client: Client, mill: Project) -> None:
    answer = client.get("/projects/mill?scene=2")
    assert answer["Location"] == "/login?next=%2Fprojects%2Fmill%3Fscene%3D2"
