"""The OpenAPI description is valid, complete and readable offline under the strict policy."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from cutroom.problems import CONTENT_TYPE
from tests.architecture.test_tenant_matrix import endpoints

ANY_METHOD = {"get", "post", "put", "patch", "delete"}


@cache
def schema() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    described: dict[str, Any] = generator().get_schema(request=None, public=True)
    return described


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
        if method in ANY_METHOD
    ]


def test_it_is_valid_and_written_without_a_warning(db: None) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_it_has_every_endpoint() -> None:
    described = set(schema()["paths"])
    for endpoint in endpoints():
        path = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", endpoint.route)
        assert path in described, path


def test_operation_ids_are_chosen_and_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    # Names that the generator made up end in the kind of request.
    assert [name for name in ids if re.search(r"_(retrieve|partial_update|destroy)$", name)] == []


def test_operations_have_a_tag_and_a_sentence() -> None:
    for path, method, operation in operations():
        assert operation.get("tags"), (path, method)
        assert operation.get("description"), (path, method)


def test_refusals_are_problems() -> None:
    for path, method, operation in operations():
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and "content" in answer:
                assert set(answer["content"]) == {CONTENT_TYPE}, (path, method, status)


def test_whatever_needs_signing_in_says_so() -> None:
    for path, method, operation in operations():
        if operation.get("security") == [{"bearer": []}]:
            assert "401" in operation["responses"], (path, method)


def test_the_stitch_call_shows_what_it_takes_and_how_it_refuses() -> None:
    operation = schema()["paths"]["/api/v1/projects/{slug}/render/stitch"]["post"]
    assert {"202", "400", "401", "402", "404", "409"} <= set(operation["responses"])
    examples = operation["responses"]["402"]["content"][CONTENT_TYPE]["examples"].values()
    details = [example["value"]["detail"] for example in examples]
    assert "Usage quota exceeded for render_minutes (95% of 500 limit)" in details
    names = [parameter.get("$ref") for parameter in operation["parameters"]]
    assert "#/components/parameters/IdempotencyKey" in names


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs?script=", "/api/schema"])
def test_it_can_be_read_by_everybody(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_page_needs_nothing_inline_and_nothing_from_elsewhere(client: Client, db: None) -> None:
    page = client.get("/api/docs")
    policy = page["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "<style" not in page.text
    assert re.findall(r"<script(?![^>]* src=)", page.text) == []
    assert re.findall(r'(?:src|href)="(?!/)', page.text) == []
