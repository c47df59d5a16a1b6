"""What a request passes first and its answer last: addresses that are none of ours, cookies in caches."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

from cutroom.errors import DomainError, NotFound, UnknownHost
from cutroom.problems import page_or_problem, problem_response

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class AddressMiddleware:
    """Refuses addresses that are none of ours before anything reads them.

    A foreign host, for which Django would show its debug page; and a NUL, which PostgreSQL keeps in no text.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer of the site; 400 for a host that is not in ALLOWED_HOSTS; none for a NUL."""
        try:
            request.get_host()
        except DisallowedHost:
            # A bare document for everybody: pages make links, and there is no address to make them with.
            return problem_response(request, UnknownHost())
        if "\0" in request.path:
            return page_or_problem(request, NotFound())
        if "%00" in request.META.get("QUERY_STRING", ""):
            return page_or_problem(request, DomainError("An address cannot hold the character NUL."))
        return self.get_response(request)


class CookieCacheMiddleware:
    """Keeps what sets a cookie out of every cache: a shared one would hand one person's cookie to another."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, marked no-store when it sets a cookie."""
        response = self.get_response(request)
        if response.cookies and "no-store" not in response.headers.get("Cache-Control", ""):
            response["Cache-Control"] = "private, no-store"
        return response
