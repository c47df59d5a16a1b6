"""What every HTML page shares."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from cutroom.errors import NotAuthenticated

THEMES = ("light", "dark")
THEME_COOKIE_SECONDS = 365 * 24 * 3600


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
    return navigate(request, f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")


def navigate(request: HttpRequest, target: str) -> HttpResponse:
    """Send the whole page to `target`, also when htmx asked for a piece of it."""
    if request.headers.get("HX-Request"):
        # htmx would swap the other page into a fragment; this header makes it navigate.
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen colours in a cookie, and go back. Anything but light and dark follows the system."""
    theme = request.POST.get("theme", "")
    response = HttpResponseRedirect(safe_next(request, default="/"))
    if theme not in THEMES:
        response.delete_cookie("theme", samesite="Lax")
        return response
    response.set_cookie(
        "theme",
        theme,
        max_age=THEME_COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def safe_next(request: HttpRequest, *, default: str) -> str:
    """The form field `next` when it is a path of this site, else `default`."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # A bare word would be taken for the name of a view.
    return target if is_ours and target.startswith("/") else default


def of_a_link(response: HttpResponse) -> HttpResponse:
    """The page of a mailed link: the token in its address is told nobody, and no search engine lists it.

    Not no-referrer: Chromium then sends `Origin: null` with the form, and the CSRF check refuses it.
    """
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
