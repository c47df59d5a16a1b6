"""Bodies nobody should send are refused as problem documents, in development too."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def post(client: APIClient, body: str, **headers: Any) -> Any:
    return client.post("/api/v1/projects", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("is_debug", [True, False])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[" * 100_000, 400),
        ('{"title": "' + "a" * 2_000_000 + '"}', 413),
    ],
    ids=["not JSON", "nested too deeply", "too large"],
)
def test_a_bad_body_is_a_problem_document(
    alice: APIClient, settings: Any, body: str, status: int, *, is_debug: bool
) -> None:
    settings.DEBUG = is_debug
    for headers in ({}, {"Idempotency-Key": "again"}):
        answer = post(alice, body, **headers)
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("is_debug", [True, False])
def test_an_unknown_page_is_our_own(client: Any, settings: Any, *, is_debug: bool) -> None:
    settings.DEBUG = is_debug
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()
