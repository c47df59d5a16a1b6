"""Lets through who may do what a view does, by the table of roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from cutroom.errors import PermissionDenied
from cutroom.pages import require_principal
from tenants.http import Principal
from tenants.roles import Capability

if TYPE_CHECKING:
    # DRF imports permission classes while rest_framework.views is being imported.
    from rest_framework.views import APIView

PageView = Callable[..., HttpResponseBase]


class HasCapability(BasePermission):
    """Who may do what the view names as `capability`: one for all its methods, or a mapping of methods."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True when the caller's role, or key, allows it; the refusal says who may."""
        caller = request.user
        wanted = capability_of(view, str(request.method))
        if wanted is None or not isinstance(caller, Principal):
            # A method that the view does not have is answered with 405 after this.
            return wanted is None and isinstance(caller, Principal)
        self.message = refusal(caller, wanted)
        return caller.may(wanted)


def capability_of(view: Any, method: str) -> Capability | None:
    """What a caller of this method of a view must be allowed; None for a method the view does not have."""
    needed = view.capability
    if not isinstance(needed, Mapping):
        return cast(Capability, needed)
    asked = "GET" if method == "HEAD" else method
    if asked not in needed and asked != "OPTIONS" and hasattr(view, asked.lower()):
        raise LookupError(f"{type(view).__name__}.capability does not mention {asked}.")
    return needed.get(asked)


def needs(capability: Capability) -> Callable[[PageView], PageView]:
    """Decorator of pages: strangers sign in first, others need the capability. Raises PermissionDenied."""

    def decorate(view: PageView) -> PageView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            caller = cast(Principal, require_principal(request))
            if not caller.may(capability):
                raise PermissionDenied(refusal(caller, capability))
            return view(request, *args, **kwargs)

        # The test of the table finds the pages it has to ask by this.
        guarded.capability = capability  # type: ignore[attr-defined]  # functions carry what they are given
        return guarded

    return decorate


def refusal(caller: Principal, capability: Capability) -> str:
    """Why this caller may not, and who may."""
    if caller.session_id is None:
        return f"An API key may not {capability.label}. Sign in for that."
    return f"Only an admin of {caller.tenant_name} may {capability.label}."
