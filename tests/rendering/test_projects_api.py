"""/api/v1/projects: make, read, change and remove projects and their scripts."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from rendering.models import Project, RenderJob, Scene
from rendering.starter import starter_project
from tenants.context import tenant_context
from tests.cast import Cast


def test_a_project_is_made_with_its_scenes(alice: APIClient) -> None:
    body = {"title": "Tide mill", "aspect": "9:16", "captions": False, "script": "One.\n\nTwo."}
    answer = alice.post("/api/v1/projects", body)
    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/projects/tide-mill"
    made = answer.json()
    assert (made["slug"], made["aspect"], made["captions"]) == ("tide-mill", "9:16", "off")
    assert [scene["narration"] for scene in made["scenes"]] == ["One.", "Two."]
    assert alice.get(answer["Location"]).json() == made


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({}, "title", "required"),
        ({"title": " "}, "title", "blank"),
        ({"title": "x" * 201}, "title", "200"),
        ({"title": "Mill", "aspect": "4:3"}, "aspect", "16:9, 9:16, 1:1"),
        ({"title": "Mill", "language": "klingon!"}, "language", ""),
        ({"title": "Mill", "language": "xx"}, "language", "de, "),
        ({"title": "Mill", "voice": "amy"}, "voice", "joe, espeak"),
        ({"title": "Mill\x00"}, "title", "ull"),
        (["title"], "non_field_errors", ""),
    ],
)
def test_a_bad_field_is_named(alice: APIClient, body: object, field: str, hint: str) -> None:
    answer = alice.post("/api/v1/projects", body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert hint in error["detail"]


def test_a_script_that_is_refused_leaves_no_project(alice: APIClient, cast: Cast) -> None:
    answer = alice.post("/api/v1/projects", {"title": "Long", "script": "word " * 2_000})
    assert (answer.status_code, answer.json()["code"]) == (400, "script-too-long")
    with tenant_context(cast.acme.pk):
        assert not Project.objects.exists()


def test_a_body_that_is_not_json_is_a_problem_too(alice: APIClient) -> None:
    answer = alice.post("/api/v1/projects", data=b'{"title": ', content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse-error")


def test_lists_are_newest_first_and_continue_by_cursor(alice: APIClient) -> None:
    for number in range(5):
        alice.post("/api/v1/projects", {"title": f"Mill {number}"})
    first = alice.get("/api/v1/projects?limit=3").json()
    assert [row["slug"] for row in first["results"]] == ["mill-4", "mill-3", "mill-2"]
    assert first["previous"] is None
    second = alice.get(first["next"]).json()
    assert [row["slug"] for row in second["results"]] == ["mill-1", "mill-0"]
    assert second["next"] is None
    assert alice.get(second["previous"]).json()["results"] == first["results"]


def test_a_list_takes_the_same_queries_however_long_it_is(alice: APIClient, mill: Project) -> None:
    with CaptureQueriesContext(connection) as one:
        alice.get("/api/v1/projects")
    for number in range(4):
        alice.post("/api/v1/projects", {"title": f"More {number}", "script": "A.\n\nB.\n\nC."})
    with CaptureQueriesContext(connection) as five:
        assert len(alice.get("/api/v1/projects").json()["results"]) == 5
    assert len(five) == len(one)


def test_settings_are_changed_and_the_slug_stays(alice: APIClient, mill: Project) -> None:
    answer = alice.patch(
        "/api/v1/projects/mill", {"title": "New name", "voice": "espeak", "language": "de-AT"}
    )
    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["slug"], changed["title"], changed["voice"], changed["language"]) == (
        "mill",
        "New name",
        "espeak",
        "de-AT",
    )
    assert changed["version"] == mill.version + 1


@pytest.mark.parametrize("change", [{"language": "xx-XX"}, {"voice": "amy"}])
def test_a_setting_that_nobody_speaks_is_not_taken(
    alice: APIClient, mill: Project, change: dict[str, str]
) -> None:
    answer = alice.patch("/api/v1/projects/mill", change)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(change)
    assert alice.get("/api/v1/projects/mill").json()["version"] == mill.version


def test_an_unchanged_project_is_not_sent_again(alice: APIClient, mill: Project) -> None:
    etag = alice.get("/api/v1/projects/mill")["ETag"]
    assert alice.get("/api/v1/projects/mill", headers={"If-None-Match": etag}).status_code == 304
    alice.patch("/api/v1/projects/mill", {"title": "Changed"})
    assert alice.get("/api/v1/projects/mill", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/api/v1/projects/mill", {"title": "Late"}),
        ("put", "/api/v1/projects/mill/script", {"script": "Late."}),
    ],
)
def test_if_match_refuses_an_edit_of_an_older_version(
    alice: APIClient, bob: APIClient, mill: Project, method: str, path: str, body: dict[str, str]
) -> None:
    etag = alice.get("/api/v1/projects/mill")["ETag"]
    bob.patch("/api/v1/projects/mill", {"title": "First"})
    late = getattr(alice, method)(path, body, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition-failed")
    fresh = alice.get("/api/v1/projects/mill")
    assert fresh.json()["title"] == "First"
    assert getattr(alice, method)(path, body, headers={"If-Match": fresh["ETag"]}).status_code == 200


def test_a_script_replaces_the_scenes(alice: APIClient, mill: Project) -> None:
    answer = alice.put("/api/v1/projects/mill/script", {"script": "# End\n\nThe wheel turns.\n\nNew."})
    assert answer.status_code == 200
    scenes = answer.json()["scenes"]
    assert [scene["narration"] for scene in scenes] == ["The wheel turns.", "New."]
    assert [scene["position"] for scene in scenes] == [1, 2]


@pytest.mark.parametrize("script", ["", " \n ", "```\ncode\n```"])
def test_an_empty_script_is_refused(alice: APIClient, mill: Project, script: str) -> None:
    answer = alice.put("/api/v1/projects/mill/script", {"script": script})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "script"
    assert len(alice.get("/api/v1/projects/mill").json()["scenes"]) == 3


def test_a_script_of_200_kb_is_refused(alice: APIClient, mill: Project) -> None:
    answer = alice.put("/api/v1/projects/mill/script", {"script": "word " * 40_000})
    assert (answer.status_code, answer.json()["code"]) == (400, "script-too-long")


def test_removing_a_project_keeps_its_renders(alice: APIClient, cast: Cast, queued: RenderJob) -> None:
    assert alice.delete("/api/v1/projects/mill").status_code == 204
    assert alice.get("/api/v1/projects/mill").status_code == 404
    assert alice.get(f"/api/v1/renders/{queued.pk}").json()["project"] is None
    with tenant_context(cast.acme.pk):
        assert not Scene.objects.exists()


def test_the_same_key_makes_one_project(alice: APIClient, cast: Cast) -> None:
    key = {"Idempotency-Key": "mill-once"}
    first = alice.post("/api/v1/projects", {"title": "Once"}, headers=key)
    again = alice.post("/api/v1/projects", {"title": "Once"}, headers=key)
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    assert alice.post("/api/v1/projects", {"title": "Other"}, headers=key).status_code == 422
    with tenant_context(cast.acme.pk):
        assert Project.objects.count() == 1


def test_two_tenants_may_use_the_same_slug(alice: APIClient, charlie: APIClient, mill: Project) -> None:
    charlie.post("/api/v1/projects", {"title": "Mill", "script": "Of Globex."})
    assert alice.get("/api/v1/projects/mill").json()["scenes"][0]["narration"] == "The tide fills the pond."
    assert charlie.get("/api/v1/projects/mill").json()["scenes"][0]["narration"] == "Of Globex."


def test_a_creator_may_do_all_of_this(bob: APIClient) -> None:
    assert bob.post("/api/v1/projects", {"title": "Bob's"}).status_code == 201
    assert bob.delete("/api/v1/projects/bobs").status_code == 204


def test_the_starter_project_is_made_once(cast: Cast, alice: APIClient) -> None:
    assert starter_project(tenant_id=cast.acme.pk).pk == starter_project(tenant_id=cast.acme.pk).pk
    scenes = alice.get("/api/v1/projects/test").json()["scenes"]
    assert len(scenes) == 3
    assert all(scene["narration"] and scene["image_prompt"] for scene in scenes)


@pytest.mark.parametrize("path", ["/api/v1/projects/", "/api/v1/nothing", "/api/v1/renders/not-a-uuid"])
def test_other_paths_are_problems_and_never_redirect(alice: APIClient, path: str) -> None:
    for answer in (alice.get(path), alice.post(path, {"title": "x"})):
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
