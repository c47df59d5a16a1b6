"""Content negotiation for resources that have one form only, and for rows that are also files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from cutroom.errors import InvalidInput


class OneForm(DefaultContentNegotiation):
    """Never 406: a player that accepts `video/*` gets the video, and its problems as JSON.

    RFC 9110 section 12.5.1 lets a server disregard Accept.
    """

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        first = next(iter(renderers))
        return first, str(first.media_type)


class CsvForm(BaseRenderer):
    """Chooses `format=csv`; the file itself is streamed. Refusals stay JSON."""

    media_type = "text/csv"
    format = "csv"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Only problems come here."""
        return bytes(JSONRenderer().render(data))


class JsonLinesForm(CsvForm):
    """Chooses `format=jsonl`."""

    media_type = "application/jsonl"
    format = "jsonl"


class RowForms(DefaultContentNegotiation):
    """Rows in pages of JSON, or all as one file: by `format`, else by Accept."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:
        """An unknown format is a fault of the request, not a page that does not exist."""
        try:
            return list(super().filter_renderers(renderers, format))
        except Http404:
            detail = f'"{format[:20]}" is not possible here. Choose one of: json, csv, jsonl.'
            error = {"field": "format", "code": "invalid_choice", "detail": detail}
            raise InvalidInput(errors=[error]) from None
