"""Undo and redo on the editor's page: every deed, in order, and never somebody else's work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutroom import clock
from rendering import history, scripts
from rendering.models import Project, Revision, Scene
from tenants.context import tenant_context
from tests.cast import Cast
from tests.pages.test_editor import typed

Words = Callable[[Project], list[str]]


def post(browser: Client, project: Project, number: int = 1, **changes: Any) -> None:
    assert browser.post(f"/projects/{project.slug}", typed(project, number, **changes)).status_code == 302


def snapshot(project: Project) -> dict[str, Any]:
    with tenant_context(project.tenant_id):
        return history.snapshot(Project.objects.get(pk=project.pk))


@pytest.mark.parametrize("deed", ["up", "down", "duplicate", "add", "delete", "save", "paste"])
def test_each_deed_can_be_undone_and_done_again(alice_browser: Client, mill: Project, deed: str) -> None:
    before = snapshot(mill)
    post(alice_browser, mill, 2, deed=deed, narration="Shut.", aspect="9:16", script="Only this.")
    after = snapshot(mill)
    post(alice_browser, mill, deed="undo")
    assert snapshot(mill) == before
    post(alice_browser, mill, deed="redo")
    assert snapshot(mill) == after


def test_several_edits_are_undone_one_by_one(alice_browser: Client, mill: Project, words_of: Words) -> None:
    states = [snapshot(mill)]
    for deed in ("duplicate", "down", "delete"):
        post(alice_browser, mill, 1, deed=deed)
        states.append(snapshot(mill))
    for state in reversed(states[:-1]):
        post(alice_browser, mill, deed="undo")
        assert snapshot(mill) == state
    post(alice_browser, mill, deed="undo")
    assert snapshot(mill) == states[0]
    for state in states[1:]:
        post(alice_browser, mill, deed="redo")
        assert snapshot(mill) == state


def test_what_was_typed_in_one_go_is_undone_in_one_go(
    alice_browser: Client, mill: Project, words_of: Words
) -> None:
    first = words_of(mill)
    for text in ("T", "Th", "The"):
        post(alice_browser, mill, 1, narration=text)
    post(alice_browser, mill, deed="undo")
    assert words_of(mill) == first


def test_typing_after_a_pause_is_another_edit(alice_browser: Client, mill: Project, words_of: Words) -> None:
    post(alice_browser, mill, 1, narration="One.")
    with tenant_context(mill.tenant_id):
        Revision.objects.update(created_at=clock.now() - timedelta(minutes=2))
    post(alice_browser, mill, 1, narration="Two.")
    post(alice_browser, mill, deed="undo")
    assert words_of(mill)[0] == "One."


def test_undo_takes_back_what_was_typed_but_not_saved_yet(
    alice_browser: Client, mill: Project, words_of: Words
) -> None:
    post(alice_browser, mill, 2, deed="delete")
    post(alice_browser, mill, 1, deed="undo", narration="Half a thou")
    assert words_of(mill)[0] == "The tide fills the pond."
    assert len(words_of(mill)) == 2


def test_a_new_edit_forgets_what_was_undone(alice_browser: Client, mill: Project, words_of: Words) -> None:
    post(alice_browser, mill, 2, deed="delete")
    post(alice_browser, mill, deed="undo")
    post(alice_browser, mill, 1, narration="New.")
    post(alice_browser, mill, deed="redo")
    assert len(words_of(mill)) == 3


def test_an_edit_by_the_api_is_never_undone_by_accident(
    alice_browser: Client, mill: Project, words_of: Words
) -> None:
    post(alice_browser, mill, 2, deed="delete")
    with tenant_context(mill.tenant_id):
        scripts.replace_script(project=mill, script="By the API.")
    post(alice_browser, mill, deed="undo")
    assert words_of(mill) == ["By the API."]


def test_a_deletion_offers_undo_and_the_buttons_say_what_they_do(
    alice_browser: Client, mill: Project
) -> None:
    page = alice_browser.get("/projects/mill").content.decode()
    assert 'aria-label="Undo" title="Undo (Ctrl+Z)" disabled' in page
    post(alice_browser, mill, 2, deed="delete")
    page = alice_browser.get("/projects/mill").content.decode()
    assert "Done: delete scene 2." in page
    assert 'aria-label="Undo: delete scene 2"' in page
    post(alice_browser, mill, deed="undo")
    page = alice_browser.get("/projects/mill").content.decode()
    assert "Done: delete scene 2." not in page
    assert 'aria-label="Redo: delete scene 2"' in page


def test_the_last_scene_comes_back_too(alice_browser: Client, cast: Cast, words_of: Words) -> None:
    with tenant_context(cast.acme.pk):
        project = scripts.create_project(title="Short", script="Only this.")
    post(alice_browser, project, deed="delete")
    page = alice_browser.get("/projects/short")
    assert "No scene yet" in page.content.decode()
    shown = page.context["forms"].project
    fields = {name: shown[name].value() for name in shown.fields} | {"resolution": "1080p", "fps": 24}
    fields |= {"version": page.context["project"].version, "deed": "undo"}
    alice_browser.post("/projects/short", fields)
    assert words_of(project) == ["Only this."]


def test_only_the_latest_edits_are_kept(alice_browser: Client, mill: Project) -> None:
    for _ in range(history.MOST // 2 + 1):
        post(alice_browser, mill, 1, deed="down")
        post(alice_browser, mill, 2, deed="up")
    with tenant_context(mill.tenant_id):
        assert Revision.objects.count() == history.MOST


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(moves=st.lists(st.sampled_from(["edit", "undo", "redo"]), min_size=1, max_size=12))
def test_it_walks_one_line_of_states(cast: Cast, moves: list[str]) -> None:
    with tenant_context(cast.acme.pk):
        project = scripts.create_project(title="Line", script="0.")
        line, at = ["0."], 0
        for number, move in enumerate(moves, start=1):
            project.refresh_from_db()
            if move == "edit":
                edit(project, f"{number}.")
                line, at = [*line[: at + 1], f"{number}."], at + 1
            elif move == "undo":
                history.undo(project)
                at = max(at - 1, 0)
            else:
                history.redo(project)
                at = min(at + 1, len(line) - 1)
            assert Scene.objects.get(project=project).narration == line[at]


def edit(project: Project, narration: str) -> None:
    before = history.snapshot(project)
    scripts.update_scene(scene=Scene.objects.get(project=project), narration=narration)
    history.note(project=project, did="edit", before=before)
