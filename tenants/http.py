"""Who is asking: the principal on a request, and the DRF classes that read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from cutroom.errors import DomainError
from tenants import roles
from tenants.context import Actor
from tenants.models import Role, TenantState
from tenants.roles import Capability

if TYPE_CHECKING:
    # DRF imports this module while rest_framework.views is being imported.
    from rest_framework.views import APIView


# Of a tenant in one of these its people can get in; while it is to be deleted, to look and to keep it.
OPEN_STATES = (TenantState.ACTIVE, TenantState.DELETING)


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A caller and the tenant it chose, as read from the database for this very request."""

    user_id: UUID | None
    tenant_id: UUID
    role: Role
    email: str = ""
    tenant_slug: str = ""
    tenant_name: str = ""
    tenant_state: str = "active"
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    is_browser: bool = False
    signed_in_at: datetime | None = None
    second_factor_at: datetime | None = None
    has_second_factor: bool = False
    is_second_factor_demanded: bool = False
    # An operator acts as this person, until then.
    operator_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def is_authenticated(self) -> bool:
        """Always true; Django and DRF ask for it."""
        return True

    @property
    def actor(self) -> Actor:
        """The caller as the audit log names it."""
        return Actor(
            user_id=self.user_id,
            api_key_id=self.api_key_id,
            session_id=self.session_id,
            operator_id=self.operator_id,
        )

    @property
    def operator(self) -> Actor:
        """The caller as other tenants' audit logs name it, who works in the console."""
        return Actor(user_id=self.user_id, session_id=self.session_id, operator_id=self.user_id)

    @property
    def is_person(self) -> bool:
        """A signed-in person, and no API key."""
        return self.session_id is not None

    def may(self, capability: Capability, *, is_writing: bool = True) -> bool:
        """Does the table of roles allow this caller to do that? An API key is no person: it has scopes."""
        if self.is_person:
            return roles.may(self.role, capability)
        return roles.key_may(self.scopes, capability, is_writing=is_writing)


class TenantRequest(HttpRequest):
    """A request that went through TenantMiddleware. `principal` is None for strangers."""

    principal: Principal | None
    principal_error: DomainError | None
    request_id: str


class PrincipalAuthentication(BaseAuthentication):
    """DRF authentication that only reads what the middleware resolved. Cookies never count on the API."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        """The principal of a bearer token; raises the stored refusal of a bad one."""
        plain: Any = request._request
        if plain.principal_error is not None:
            raise plain.principal_error
        if plain.principal is None or plain.principal.is_browser:
            return None
        return plain.principal, None

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 rather than 403 to strangers."""
        return "Bearer"


class IsMember(BasePermission):
    """Any signed-in member of a tenant."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True for a resolved principal."""
        return isinstance(request.user, Principal)
