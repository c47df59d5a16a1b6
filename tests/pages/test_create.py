"""Where work starts: the front page, and the choice of a beginning."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from rendering.models import Project
from rendering.samples import SAMPLES, Sample
from tenants.context import tenant_context
from tests.cast import Cast
from tests.pages.conftest import make_render

Words = Callable[[Project], list[str]]


def only_project(cast: Cast) -> Project:
    with tenant_context(cast.acme.pk):
        return Project.objects.get()


def test_strangers_see_what_it_is_and_how_to_get_in(client: Client, db: None) -> None:
    page = client.get("/").content.decode()
    assert "Write a script, get a film." in page
    assert 'href="/login"' in page


def test_members_without_videos_start_one(alice_browser: Client) -> None:
    assert alice_browser.get("/")["Location"] == "/create"


def test_members_with_videos_see_them(alice_browser: Client, cast: Cast, mill: Project) -> None:
    make_render(cast, mill)
    assert alice_browser.get("/")["Location"] == "/library"


def test_a_pasted_script_becomes_scenes(alice_browser: Client, cast: Cast, words_of: Words) -> None:
    answer = alice_browser.post("/create", {"title": "Tides", "script": "One.\n\nTwo."})
    assert answer["Location"] == "/projects/tides"
    assert words_of(only_project(cast)) == ["One.", "Two."]


def test_a_blank_start_has_one_empty_scene(alice_browser: Client, cast: Cast, words_of: Words) -> None:
    answer = alice_browser.post("/create", {"title": "", "script": "", "is_blank": "on"})
    assert answer["Location"] == "/projects/untitled-video"
    assert words_of(only_project(cast)) == [""]


@pytest.mark.parametrize("script", ["", " \r\n\t", "```\nprint()\n```"])
def test_making_scenes_takes_words(alice_browser: Client, cast: Cast, script: str) -> None:
    answer = alice_browser.post("/create", {"title": "Tides", "script": script})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#id_script">Script</a>: The script has no words to say.' in page
    assert 'value="Tides"' in page
    # Nothing was made, and nothing half made is offered under the recent work.
    assert "/projects/" not in page
    with tenant_context(cast.acme.pk):
        assert not Project.objects.exists()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.key)
def test_each_sample_opens_ready_to_render(
    alice_browser: Client, cast: Cast, words_of: Words, sample: Sample
) -> None:
    alice_browser.post("/create", {"sample": sample.key})
    project = only_project(cast)
    assert project.title == sample.title
    assert len(words_of(project)) in (3, 4)
    assert all(words_of(project))


def test_a_script_that_is_too_long_stays_in_the_form(alice_browser: Client, cast: Cast) -> None:
    script = "\n\n".join(f"Scene {number}." for number in range(400))
    answer = alice_browser.post("/create", {"title": "Long", "script": script})
    assert answer.status_code == 422
    assert "Scene 399." in answer.content.decode()
    assert "400 scenes" in answer.content.decode()
    with tenant_context(cast.acme.pk):
        assert not Project.objects.exists()


def test_recent_work_is_one_click_away(alice_browser: Client, mill: Project) -> None:
    assert 'href="/projects/mill"' in alice_browser.get("/create").content.decode()
