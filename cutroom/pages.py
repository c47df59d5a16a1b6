"""What every HTML page shares."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from cutroom.errors import NotAuthenticated

THEMES = ("light", "dark")


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor: theme from its cookie, the principal, and whether this is development."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "principal": getattr(request, "principal", None),
        "is_development": settings.DEBUG,
        "request_id": getattr(request, "request_id", ""),
    }


def require_principal(request: HttpRequest) -> Any:
    """The signed-in principal of a page request. Raises NotAuthenticated (a redirect to /login)."""
    principal = getattr(request, "principal", None)
    if principal is None:
        raise NotAuthenticated()
    return principal


def redirect_to_login(request: HttpRequest) -> HttpResponse:
    """To the login page, and back to this path afterwards."""
    target = f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        # htmx would swap the login page into a fragment; this header makes it navigate.
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)
