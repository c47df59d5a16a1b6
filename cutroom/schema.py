"""What the OpenAPI descriptions of all operations share: problems, pages of rows, files, sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from cutroom.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RateLimited,
    TooLarge,
    UnsupportedMediaType,
)
from cutroom.problems import CONTENT_TYPE, problem_body

Responses = dict[Any, Any]

CURSOR = OpenApiParameter("cursor", str, description="From `next` or `previous` of another page.")
PAGE_PARAMETERS = [
    OpenApiParameter("limit", int, description="Rows a page, 1 to 100; 25 unless given."),
    CURSOR,
]
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the version you mean to change; 412 when it is no longer the present one.",
)
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key and body get the first answer again, for 24 hours; another body gets 422.",
}
# Refusals that operations share, each with its status and title; what is special to one stands with it.
_SHARED: dict[str, tuple[str, str]] = {
    "InvalidInput": ("400", InvalidInput.title),
    "NotAuthenticated": ("401", NotAuthenticated.title),
    "PermissionDenied": ("403", PermissionDenied.title),
    "NotFound": ("404", NotFound.title),
    "Conflict": ("409", Conflict.title),
    "TooLarge": ("413", TooLarge.title),
    "UnsupportedMediaType": ("415", UnsupportedMediaType.title),
    "IdempotencyMismatch": ("422", "This Idempotency-Key belongs to a different request"),
    "RateLimited": ("429", RateLimited.title),
}
_REQUEST_ID = "0f8fad5bd9cb469fa16570867728950e"


class PrincipalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Names PrincipalAuthentication: a bearer token, JWT or API key."""

    target_class = "tenants.http.PrincipalAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """RFC 6750 bearer tokens."""
        return {"type": "http", "scheme": "bearer", "description": "An access token or an sk_ API key"}


class FieldError(serializers.Serializer):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer):
    """A refusal (RFC 9457). `code` is stable; some codes carry more members, see /problems/{code}."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    request_id = serializers.CharField()
    # A declared field leaves the class, so Serializer.errors stays what it is.
    errors = FieldError(many=True, required=False)  # type: ignore[assignment]


def problems(*errors: DomainError | type[DomainError]) -> Responses:
    """Response descriptions of refusals: one a status, each refusal an example under it.

    An instance shows its own detail and members, a class those of a bare instance.
    """
    by_status: dict[int, list[DomainError]] = {}
    for error in errors:
        instance = error() if isinstance(error, type) else error
        by_status.setdefault(instance.status, []).append(instance)
    return {
        (status, CONTENT_TYPE): OpenApiResponse(
            Problem,
            description=" · ".join(error.title for error in group),
            examples=[_example(error) for error in group],
        )
        for status, group in by_status.items()
    }


@cache
def page_of(serializer: type[serializers.Serializer]) -> serializers.Serializer:
    """The description of one page of rows."""
    name = serializer.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        {
            "results": serializer(many=True),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
        },
    )


def file_responses(content_type: str, *, description: str) -> Responses:
    """Response descriptions of a stored file: whole, in part, unchanged, or out of range."""
    return {
        (200, content_type): OpenApiResponse(OpenApiTypes.BINARY, description=description),
        (206, content_type): OpenApiResponse(OpenApiTypes.BINARY, description="The bytes Range asks for"),
        304: OpenApiResponse(description="Unchanged since the ETag in If-None-Match"),
        416: OpenApiResponse(description="The file has no such range"),
    }


def document_common_parts(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Schema hook: adds to each operation the refusals it shares with others, and Idempotency-Key."""
    components = result["components"]
    components.setdefault("responses", {}).update(
        {name: _shared_refusal(status, title) for name, (status, title) in _SHARED.items()}
    )
    components.setdefault("parameters", {})["IdempotencyKey"] = _IDEMPOTENCY_KEY
    for path, method, operation in _operations(result):
        is_signed_in = bool(operation.get("security")) and {} not in operation["security"]
        is_kept = is_signed_in and method == "post"
        for name in _shared_by(path, operation, is_signed_in=is_signed_in, is_kept=is_kept):
            reference = {"$ref": f"#/components/responses/{name}"}
            operation["responses"].setdefault(_SHARED[name][0], reference)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        if is_kept:
            parameters = operation.setdefault("parameters", [])
            parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    return result


def _shared_by(path: str, operation: dict[str, Any], *, is_signed_in: bool, is_kept: bool) -> Iterator[str]:
    """Names of the refusals that any operation of this kind may give."""
    if is_signed_in:
        yield from ("InvalidInput", "NotAuthenticated", "PermissionDenied", "RateLimited")
    if "requestBody" in operation:
        yield from ("InvalidInput", "TooLarge", "UnsupportedMediaType")
    if "{" in path:
        yield "NotFound"
    if is_kept:
        yield from ("Conflict", "IdempotencyMismatch")


def _shared_refusal(status: str, title: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": title,
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == "429":
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
    return described


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if "responses" in operation:
                yield path, method, operation


def _example(error: DomainError) -> OpenApiExample:
    return OpenApiExample(
        error.code,
        value=problem_body(error, request_id=_REQUEST_ID),
        media_type=CONTENT_TYPE,
        status_codes=[str(error.status)],
        response_only=True,
    )
