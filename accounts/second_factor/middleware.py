"""Nobody goes on without the second factor that their tenant, or the console, demands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts import conf
from accounts.errors import SecondFactorMissing
from accounts.recent_sign_in import confirm_path
from cutroom import clock
from cutroom.errors import PermissionDenied
from cutroom.pages import navigate, redirect_to_login
from cutroom.problems import page_or_problem, problem_response
from tenants.http import Principal

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class SecondFactorMiddleware:
    """Stands behind TenantMiddleware. API keys pass: they are nobody's sign-in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, or send its person to add or show a second factor."""
        refusal = _console_refusal(request) or _tenant_refusal(request)
        return refusal or self.get_response(request)


def _tenant_refusal(request: HttpRequest) -> HttpResponseBase | None:
    principal: Principal | None = getattr(request, "principal", None)
    if (
        principal is None
        or principal.session_id is None
        # An operator showed a factor of their own to get here.
        or principal.operator_id is not None
        or not principal.is_second_factor_demanded
        or (principal.has_second_factor and principal.second_factor_at)
        or request.path.startswith(conf.second_factor_exempt())
    ):
        return None
    target = _next_step(request, principal)
    if request.path.startswith("/api/"):
        return problem_response(request, SecondFactorMissing(url=conf.site_url() + target))
    return navigate(request, target)


def _console_refusal(request: HttpRequest) -> HttpResponseBase | None:
    """The console opens to staff whose session showed a second factor in the last 12 hours."""
    user: Any = getattr(request, "user", None)
    is_console = request.path.startswith(conf.CONSOLE_PATH)
    if not is_console or user is None or not user.is_authenticated:
        return None
    principal: Principal | None = getattr(request, "principal", None)
    if principal is None:
        return redirect_to_login(request)
    if principal.user_id != user.pk:
        return page_or_problem(request, PermissionDenied())
    shown_at = principal.second_factor_at if principal.has_second_factor else None
    if shown_at and clock.now() - shown_at <= _proof_life(request):
        return None
    if not principal.has_second_factor:
        messages.info(request, "The console wants a second factor. Add one here, then go there again.")
    return navigate(request, _next_step(request, principal))


def _proof_life(request: HttpRequest) -> timedelta:
    """Weighty deeds want a fresh proof before their form; whoever fills it in has some time for that."""
    deed = request.path.removeprefix(conf.CONSOLE_DEEDS_PATH).partition("/")[0]
    if not request.path.startswith(conf.CONSOLE_DEEDS_PATH) or deed not in conf.CONSOLE_WEIGHTY_DEEDS:
        return conf.CONSOLE_PROOF_LIFE
    minutes = conf.RECENT_MINUTES if request.method == "GET" else 3 * conf.RECENT_MINUTES
    return timedelta(minutes=minutes)


def _next_step(request: HttpRequest, principal: Principal) -> str:
    """Where to go: add a factor, or show the one there is and come back."""
    if not principal.has_second_factor:
        return reverse("accounts-pages:security")
    return confirm_path(request.get_full_path() if request.method == "GET" else "/")
