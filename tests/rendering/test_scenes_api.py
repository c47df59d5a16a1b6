"""/api/v1/projects/{slug}/scenes: add, change, move and remove scenes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from rendering import conf
from rendering.models import Project

SCENES = "/api/v1/projects/mill/scenes"


def rows(client: APIClient) -> list[dict[str, Any]]:
    return list(client.get(SCENES).json()["results"])


def narrations(client: APIClient) -> list[str]:
    return [row["narration"].split()[1] for row in rows(client)]


def test_scenes_come_in_order_on_one_page(alice: APIClient, mill: Project) -> None:
    page = alice.get(SCENES).json()
    assert (page["next"], page["previous"]) == (None, None)
    assert [row["position"] for row in page["results"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("position", "order"),
    [
        (None, ["tide", "gate", "wheel", "end"]),
        (1, ["end", "tide", "gate", "wheel"]),
        (2, ["tide", "end", "gate", "wheel"]),
        (99, ["tide", "gate", "wheel", "end"]),
    ],
)
def test_a_scene_is_added_where_it_belongs(
    alice: APIClient, mill: Project, position: int | None, order: list[str]
) -> None:
    body = {"narration": "The end.", "motion": "pan-up"} | ({"position": position} if position else {})
    answer = alice.post(SCENES, body)
    assert answer.status_code == 201
    assert alice.get(answer["Location"]).json() == answer.json()
    assert narrations(alice) == [word + ("." if word == "end" else "") for word in order]
    assert [row["position"] for row in rows(alice)] == [1, 2, 3, 4]


def test_an_empty_scene_may_be_added(alice: APIClient, mill: Project) -> None:
    made = alice.post(SCENES, {}).json()
    assert made | {"id": ""} == {
        "id": "",
        "position": 4,
        "narration": "",
        "heading": "",
        "look": "auto",
        "voice": "",
        "language": "",
        "image_prompt": "",
        "image": None,
        "recording": None,
        "duration_seconds": None,
        "transition": "cut",
        "motion": "auto",
        "caption": "",
    }


def test_a_scene_is_changed_field_by_field(alice: APIClient, mill: Project) -> None:
    scene = rows(alice)[1]
    path = f"{SCENES}/{scene['id']}"
    changed = alice.patch(path, {"duration_seconds": 8.5, "transition": "fade"}).json()
    assert changed == scene | {"duration_seconds": 8.5, "transition": "fade"}
    assert alice.patch(path, {"duration_seconds": None}).json()["duration_seconds"] is None


def test_an_edit_raises_the_version_of_the_project(alice: APIClient, mill: Project) -> None:
    before = alice.get("/api/v1/projects/mill")["ETag"]
    alice.patch(f"{SCENES}/{rows(alice)[0]['id']}", {"caption": "Hello"})
    assert alice.get("/api/v1/projects/mill")["ETag"] != before


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"motion": "spin"}, "motion", "zoom-in"),
        ({"transition": "star"}, "transition", "cut, dissolve, fade, slide, wipe"),
        ({"duration_seconds": -1}, "duration_seconds", ""),
        ({"duration_seconds": 0}, "duration_seconds", ""),
        ({"duration_seconds": conf.MAX_SCENE_SECONDS + 1}, "duration_seconds", "300"),
        ({"duration_seconds": "soon"}, "duration_seconds", ""),
        ({"narration": "x" * 5_001}, "narration", "5000"),
        ({"narration": None}, "narration", "null"),
        ({"image": "nonsense"}, "image", "UUID"),
        ({"image": str(uuid.uuid4())}, "image", "Upload it first"),
    ],
)
def test_a_bad_field_is_named(
    alice: APIClient, mill: Project, body: dict[str, Any], field: str, hint: str
) -> None:
    before = rows(alice)
    answer = alice.patch(f"{SCENES}/{before[0]['id']}", body)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert hint in error["detail"]
    assert rows(alice) == before


def test_a_scene_shows_an_uploaded_picture(
    alice: APIClient, mill: Project, media: Path, picture: Callable[..., SimpleUploadedFile]
) -> None:
    asset = alice.post("/api/v1/projects/mill/assets", {"file": picture()}, format="multipart").json()
    path = f"{SCENES}/{rows(alice)[0]['id']}"
    shown = alice.patch(path, {"image": asset["id"]}).json()["image"]
    assert shown == {"id": asset["id"], "kind": "image", "name": "shot.png", "width": 640, "height": 360}
    assert alice.patch(path, {"image": None}).json()["image"] is None


def test_a_picture_of_another_project_is_refused(
    alice: APIClient, mill: Project, media: Path, picture: Callable[..., SimpleUploadedFile]
) -> None:
    alice.post("/api/v1/projects", {"title": "Other"})
    asset = alice.post("/api/v1/projects/other/assets", {"file": picture()}, format="multipart").json()
    answer = alice.patch(f"{SCENES}/{rows(alice)[0]['id']}", {"image": asset["id"]})
    assert answer.status_code == 400


def test_removing_a_scene_closes_the_gap(alice: APIClient, mill: Project) -> None:
    path = f"{SCENES}/{rows(alice)[1]['id']}"
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404
    assert [(row["position"], row["narration"].split()[1]) for row in rows(alice)] == [
        (1, "tide"),
        (2, "wheel"),
    ]


def test_scenes_are_put_in_another_order(alice: APIClient, mill: Project) -> None:
    first, second, third = (row["id"] for row in rows(alice))
    answer = alice.post(f"{SCENES}/order", {"ids": [third, first, second]})
    assert answer.status_code == 200
    assert narrations(alice) == ["wheel", "tide", "gate"]
    assert answer.json()["results"] == rows(alice)


@pytest.mark.parametrize("pick", [slice(0, 2), slice(0, 0)])
def test_an_order_names_each_scene_once(alice: APIClient, mill: Project, pick: slice) -> None:
    ids = [row["id"] for row in rows(alice)]
    for wrong in (ids[pick], [*ids, ids[0]], [*ids[:2], str(uuid.uuid4())]):
        answer = alice.post(f"{SCENES}/order", {"ids": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "ids")
    assert narrations(alice) == ["tide", "gate", "wheel"]


def test_a_scene_of_another_project_is_not_found_here(alice: APIClient, mill: Project) -> None:
    alice.post("/api/v1/projects", {"title": "Other"})
    path = f"/api/v1/projects/other/scenes/{rows(alice)[0]['id']}"
    assert {alice.get(path).status_code, alice.delete(path).status_code} == {404}
    assert len(rows(alice)) == 3


def test_there_is_a_limit_of_scenes(alice: APIClient, mill: Project) -> None:
    alice.put("/api/v1/projects/mill/script", {"script": "A.\n\n" * conf.MAX_SCENES})
    answer = alice.post(SCENES, {"narration": "One too many."})
    assert (answer.status_code, answer.json()["code"]) == (400, "script-too-long")
