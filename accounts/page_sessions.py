"""Page sessions: the cookie that carries a session's id through the pages."""

from __future__ import annotations

from django.contrib.auth import login as open_console
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import known_browsers
from accounts.entry import SignedIn
from accounts.resolvers import SESSION_KEY

HOME = "/create"
CONSOLE_BACKEND = "django.contrib.auth.backends.ModelBackend"


def enter(request: HttpRequest, signed_in: SignedIn) -> HttpResponse:
    """Give this browser the session, and go where the person wanted to go."""
    # A new key for the page session: whoever planted the old one gains nothing (session fixation).
    request.session.flush()
    user = signed_in.session.user
    if user.is_staff:
        open_console(request, user, backend=CONSOLE_BACKEND)
    request.session[SESSION_KEY] = str(signed_in.session.pk)
    rotate_token(request)
    response = redirect(safe_path(signed_in.next_path))
    known_browsers.remember(request, response, email=user.email)
    return response


def safe_path(path: str) -> str:
    """A path of this site to go on to; the home page for anything else."""
    is_safe = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_safe and "\\" not in path else HOME
