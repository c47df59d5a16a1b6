"""Where an operator who acts as a member may go: to the work, not to money, keys or people."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts import conf
from accounts.errors import NotWhileActing
from cutroom.problems import page_or_problem
from tenants.http import Principal

GetResponse = Callable[[HttpRequest], HttpResponseBase]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class ActingMiddleware:
    """Stands behind TenantMiddleware. What is not named as open is closed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, or refuse it."""
        principal: Principal | None = getattr(request, "principal", None)
        if principal is None or principal.operator_id is None or _is_open(request):
            return self.get_response(request)
        return page_or_problem(request, NotWhileActing())


def _is_open(request: HttpRequest) -> bool:
    is_readable = request.method in _SAFE and request.path.startswith(conf.acting_may_read())
    return request.path == "/" or is_readable or request.path.startswith(conf.acting_may_use())
