"""Lets through who may do what a view does, by the table of roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from cutroom.errors import PermissionDenied
from cutroom.pages import require_principal
from tenants.errors import InsufficientScope
from tenants.http import Principal
from tenants.roles import TABLE, Capability

if TYPE_CHECKING:
    # DRF imports permission classes while rest_framework.views is being imported.
    from rest_framework.views import APIView

PageView = Callable[..., HttpResponseBase]


class HasCapability(BasePermission):
    """Who may do what the view names as `capability`: one for all its methods, or a mapping of methods.

    It is the default, so a view that names none lets nobody in.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True when the caller's role, or key, allows it; the refusal says who may.

        Raises InsufficientScope for a key that would need another scope.
        """
        caller = request.user
        wanted = capability_of(view, str(request.method))
        if wanted is None or not isinstance(caller, Principal):
            # A method that the view does not have is answered with 405 after this.
            return wanted is None and isinstance(caller, Principal)
        is_writing = request.method not in SAFE_METHODS
        self.message = refusal(caller, wanted)
        if caller.may(wanted, is_writing=is_writing):
            return True
        scope = TABLE[wanted].scope(is_writing=is_writing)
        if scope is not None and not caller.is_person:
            raise InsufficientScope(f"This API key lacks the scope {scope.value}.", scope=scope.value)
        return False


def capability_of(view: Any, method: str) -> Capability | None:
    """What a caller of this method of a view must be allowed; None for a method the view does not have."""
    needed = getattr(view, "capability", None)
    if needed is None:
        raise LookupError(f"{type(view).__name__} names no capability; see tenants/roles.py.")
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
    if not caller.is_person:
        return f"An API key may not {capability.label}. Sign in for that."
    return f"Only an admin of {caller.tenant_name} may {capability.label}."
