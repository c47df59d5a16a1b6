"""The person behind a request, whatever became of the tenant it selects: to see theirs and choose another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.request import Request

from accounts import resolvers
from accounts.errors import NoWorkspace
from cutroom.errors import NotAuthenticated, PermissionDenied
from tenants.errors import TenantSuspended
from tenants.http import Principal, PrincipalAuthentication


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody signed in, as read from the database for this very request."""

    user_id: UUID
    email: str
    session_id: UUID

    @property
    def is_authenticated(self) -> bool:
        """Always true; Django and DRF ask for it."""
        return True


def at_pages(request: HttpRequest) -> Person | None:
    """The person of a browser's page session; None for strangers."""
    principal: Principal | None = getattr(request, "principal", None)
    if principal is not None:
        return _of(principal)
    session_id = request.session.get(resolvers.SESSION_KEY)
    return _person(UUID(session_id)) if session_id else None


# How the API's description names this authentication: a bearer token like everywhere.
SECURITY: Any = [{"bearer": []}]


class PersonAuthentication(PrincipalAuthentication):
    """DRF authentication of a person by access token, whatever became of the tenant it selects."""

    def authenticate(self, request: Request) -> tuple[Person, None] | None:  # type: ignore[override]  # not all of it
        """The person of a token. Raises PermissionDenied for API keys, the stored refusal of a bad token."""
        try:
            found = super().authenticate(request)
        except (NoWorkspace, TenantSuspended):
            person = _person(resolvers.session_of_bearer(request._request))
        else:
            if found is None:
                return None
            person = _of(found[0])
        if person is None:
            raise PermissionDenied("This needs a signed-in person, not an API key.")
        return person, None


def of_request(request: Request) -> Person:
    """The person of a view that uses PersonAuthentication. Raises NotAuthenticated."""
    if not isinstance(request.user, Person):
        raise NotAuthenticated()
    return request.user


def _of(principal: Principal) -> Person | None:
    if principal.user_id is None or principal.session_id is None:
        return None
    return Person(user_id=principal.user_id, email=principal.email, session_id=principal.session_id)


def _person(session_id: UUID | None) -> Person | None:
    facts = resolvers.facts_of_session(session_id) if session_id else None
    if facts is None or session_id is None:
        return None
    return Person(user_id=facts["user_id"], email=facts["email"], session_id=session_id)
