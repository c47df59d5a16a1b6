"""Weighty deeds need a recent sign-in: `require` in the API, `require_recent_sign_in` on a page.

Recent means by the second factor for whoever has one, else by mail (OWASP ASVS 5.0, 7.5.1 and 7.5.3).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts import conf
from accounts.errors import RecentSignInRequired
from cutroom import clock
from cutroom.errors import PermissionDenied
from cutroom.pages import navigate, require_principal
from tenants.http import Principal

PageView = Callable[..., HttpResponseBase]


def is_recent(principal: Principal, *, minutes: int = conf.RECENT_MINUTES) -> bool:
    """Did this session prove who it is in the last `minutes`? Never true for an API key, nor for an operator
    who acts as somebody."""
    if principal.operator_id is not None:
        return False
    proved_at = principal.second_factor_at if principal.has_second_factor else principal.signed_in_at
    return proved_at is not None and clock.now() - proved_at <= timedelta(minutes=minutes)


def require(principal: Principal, *, minutes: int = conf.RECENT_MINUTES) -> None:
    """Refuse a deed by a session that is not recent, and by an API key.

    Raises RecentSignInRequired (403, with the `url` to confirm at) or PermissionDenied.
    """
    if principal.session_id is None:
        raise PermissionDenied("This needs a signed-in person, not an API key.")
    if not is_recent(principal, minutes=minutes):
        raise RecentSignInRequired(url=conf.site_url() + reverse("accounts-pages:confirm-identity"))


def require_recent_sign_in(
    *, minutes: int = conf.RECENT_MINUTES, back: str = ""
) -> Callable[[PageView], PageView]:
    """Decorate a page view: whoever is not recent confirms first and comes back.

    They come back to the same address, or to the page named `back` when a form was refused: its fields are
    gone then, so decorate the page that shows the form too.
    """

    def decorate(view: PageView) -> PageView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if is_recent(require_principal(request), minutes=minutes):
                return view(request, *args, **kwargs)
            is_safe = request.method in ("GET", "HEAD")
            target = request.get_full_path() if is_safe or not back else reverse(back)
            return navigate(request, confirm_path(target))

        return guarded

    return decorate


def confirm_path(next_path: str) -> str:
    """The address of the page that asks to confirm, and leads on to `next_path`."""
    return f"{reverse('accounts-pages:confirm-identity')}?{urlencode({'next': next_path})}"
