"""No request body is read with a field dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from cutroom.bodies import Body
from tests.architecture.test_api_schema import operations


def readers(kind: type[Body] = Body) -> Iterator[str]:
    """The schema's names of every serializer that refuses unknown fields."""
    for child in kind.__subclasses__():
        name = child.__name__.removesuffix("Serializer")
        yield from (name, f"Patched{name}")
        yield from readers(child)


def described_bodies() -> dict[str, set[str]]:
    """Of each operation with a body, the schemas it names."""
    return {
        f"{method} {path}": {
            content["schema"].get("$ref", "").rpartition("/")[2]
            for content in operation["requestBody"]["content"].values()
        }
        for path, method, operation in operations()
        if "requestBody" in operation
    }


# GitHub decides what its secret scanning sends, and may send more tomorrow.
# A piece of a file is bytes, not fields.
FOREIGN = {"post /api/auth/leaked-keys", "patch /api/v1/uploads/{upload_id}"}


def test_every_body_is_read_by_a_serializer_that_refuses_unknown_fields() -> None:
    described, known = described_bodies(), set(readers())
    assert len(described) >= 8
    loose = {
        operation: names
        for operation, names in described.items()
        if operation not in FOREIGN and not names <= known
    }
    assert loose == {}, "Let these serializers subclass cutroom.bodies.Body."


@pytest.mark.parametrize(
    ("method", "path", "body", "known"),
    [
        ("post", "projects", {"title": "Mill", "colour": "red"}, "title, aspect, voice"),
        ("patch", "projects/mill", {"colour": "red"}, "title, aspect, voice"),
        ("put", "projects/mill/script", {"script": "Hello.", "colour": "red"}, "script"),
        ("post", "projects/mill/scenes", {"narration": "Hello.", "colour": "red"}, "narration"),
        ("post", "projects/mill/render/stitch", {"resolution": "720p", "colour": 1}, "resolution, fps"),
    ],
)
def test_an_unknown_field_is_named_with_the_known_ones(
    alice: APIClient, method: str, path: str, body: dict[str, Any], known: str
) -> None:
    alice.post("/api/v1/projects", {"title": "Mill", "script": "The tide comes."})
    answer = getattr(alice, method)(f"/api/v1/{path}", body)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("colour", "unknown")
    assert f"Known here: {known}" in error["detail"]


def test_nothing_is_changed_by_a_body_with_an_unknown_field(alice: APIClient) -> None:
    alice.post("/api/v1/projects", {"title": "Mill"})
    alice.patch("/api/v1/projects/mill", {"title": "Windmill", "colour": "red"})
    assert alice.get("/api/v1/projects/mill").json()["title"] == "Mill"


@pytest.mark.parametrize("body", [[], ["title"], "title", 7, None])
def test_a_body_that_is_no_object_is_refused(alice: APIClient, body: Any) -> None:
    answer = alice.post("/api/v1/projects", body, format="json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
