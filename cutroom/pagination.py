"""Cursor pagination: {"results", "next", "previous"}, newest first, 25 a page unless `limit` says 1-100."""

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """The one pagination of the API."""

    page_size = 25
    page_size_query_param = "limit"
    max_page_size = 100
    ordering = ("-created_at", "-id")
