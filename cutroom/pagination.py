"""Cursor pagination: {"results", "next", "previous"}, newest first, 25 a page unless `limit` says 1-100."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

from cutroom.errors import InvalidInput


class CursorPages(CursorPagination):
    """The one pagination of the API."""

    page_size = 25
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = ("-created_at", "-id")

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        """One page of rows. Raises InvalidInput for a cursor that we did not make."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, ValueError):
            # DRF answers 404 for what it cannot decode, and 500 for a position that the column cannot hold.
            if self.cursor_query_param not in request.query_params:
                raise
            detail = "This cursor is not one of ours. Take it from `next` or `previous`, or leave it out."
            raise InvalidInput(errors=[{"field": "cursor", "code": "invalid", "detail": detail}]) from None
