"""Conditional requests: entity tags of JSON documents (RFC 9110 section 13)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

AnyRequest = HttpRequest | Request


def weak_etag(document: Mapping[str, Any], *, without: frozenset[str] = frozenset()) -> str:
    """A weak tag of a JSON document; members in `without` may differ and it still counts as the same."""
    counted = {name: value for name, value in document.items() if name not in without}
    text = json.dumps(counted, cls=DjangoJSONEncoder, sort_keys=True)
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


def conditional_response(request: AnyRequest, document: Mapping[str, Any], *, etag: str) -> Response:
    """The document with its tag, or 304 without a body when the client has it already."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if _names(request.headers.get("If-None-Match", ""), etag):
        return Response(status=304, headers=headers)
    return Response(document, headers=headers)


def has_precondition(request: AnyRequest) -> bool:
    """Does the client say which version it means to change?"""
    return request.headers.get("If-Match", "*").strip() != "*"


def precondition_holds(request: AnyRequest, etag: str) -> bool:
    """Is `etag`, a strong one, what If-Match names? True without that header. Weak tags never match."""
    return not has_precondition(request) or etag in parse_etags(request.headers["If-Match"])


def _names(header: str, etag: str) -> bool:
    """Weak comparison, as If-None-Match asks for."""
    tags = {tag.removeprefix("W/") for tag in parse_etags(header)}
    return "*" in tags or etag.removeprefix("W/") in tags
