"""What HTTP itself refuses reads like every other refusal: our code, our title."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from rest_framework.test import APIClient

PROJECTS = "/api/v1/projects"


@pytest.mark.parametrize(
    ("method", "options", "status", "code", "title"),
    [
        (
            "post",
            {"data": "{", "content_type": "application/json"},
            400,
            "parse-error",
            "The body could not be read",
        ),
        ("put", {}, 405, "method-not-allowed", "This path does not know the method"),
        (
            "get",
            {"headers": {"Accept": "image/webp"}},
            406,
            "not-acceptable",
            "The answer has no such form",
        ),
        (
            "post",
            {"data": "<title/>", "content_type": "application/xml"},
            415,
            "unsupported-media-type",
            "The body has a form that is not read here",
        ),
    ],
)
def test_refusals_of_http_have_titles_of_ours(
    alice: APIClient, method: str, options: dict[str, Any], status: int, code: str, title: str
) -> None:
    answer = getattr(alice, method)(PROJECTS, **options)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["title"] == title
    assert problem["detail"] != title


CURSORS = ["zzz", "%00", b64encode(b"p=yesterday").decode(), b64encode(b"o=x&p=1").decode()]


@pytest.mark.parametrize("path", [PROJECTS, "/api/v1/renders", "/api/v1/usage/events", "/api/account/audit"])
@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_is_not_ours_is_refused_by_name(alice: APIClient, path: str, cursor: str) -> None:
    answer = alice.get(path, {"cursor": cursor})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == "cursor"


def test_a_cursor_of_ours_goes_on(alice: APIClient) -> None:
    for title in ("One", "Two"):
        alice.post(PROJECTS, {"title": title})
    first = alice.get(PROJECTS, {"limit": 1}).json()
    second = alice.get(first["next"]).json()
    assert [first["results"][0]["title"], second["results"][0]["title"]] == ["Two", "One"]
