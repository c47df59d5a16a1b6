"""Opens the tenant's transaction around a request. ATOMIC_REQUESTS would start too late for row security."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from cutroom.errors import DomainError
from cutroom.logs import log_context
from tenants import conf, refusals
from tenants.context import acting_as, tenant_context
from tenants.http import Principal


class TenantMiddleware:
    """Resolves the caller once, then runs the view inside its tenant's context.

    A response of 400 or more rolls the transaction back: nothing half-done survives a refusal. Paths of
    TENANTS_LASTING_REFUSALS keep theirs: who is signed in may not undo the count of wrong codes. Views under
    TENANTS_OWN_TRANSACTIONS open tenant_context themselves, around what they write: they ask another service
    in between, and no transaction may wait for that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.resolvers = [import_string(path) for path in conf.resolvers()]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, as a tenant's if somebody could be recognised."""
        principal, error = self._resolve(request)
        request.principal = principal  # type: ignore[attr-defined]  # see TenantRequest
        request.principal_error = error  # type: ignore[attr-defined]  # see TenantRequest
        if principal is None:
            return self.get_response(request)
        with log_context(tenant_id=str(principal.tenant_id), user_id=str(principal.user_id)):
            response = self._answer(principal, request)
            refusals.note(request, response, tenant_id=principal.tenant_id, actor=principal.actor)
        return response

    def _answer(self, principal: Principal, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(conf.own_transactions()):
            with acting_as(principal.actor):
                return self.get_response(request)
        with tenant_context(principal.tenant_id, actor=principal.actor):
            response = self.get_response(request)
            if response.status_code >= 400 and not _is_lasting(request, response):
                transaction.set_rollback(True)
        return response

    def _resolve(self, request: HttpRequest) -> tuple[Principal | None, DomainError | None]:
        for resolver in self.resolvers:
            try:
                principal = resolver(request)
            except DomainError as error:
                return None, error
            if principal is not None:
                return principal, None
        return None, None


def _is_lasting(request: HttpRequest, response: HttpResponseBase) -> bool:
    return response.status_code < 500 and request.path.startswith(conf.lasting_refusals())
