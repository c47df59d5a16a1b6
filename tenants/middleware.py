"""Opens the tenant's transaction around a request. ATOMIC_REQUESTS would start too late for row security."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.utils.module_loading import import_string

from cutroom import outages
from cutroom.errors import DomainError
from cutroom.logs import log_context
from cutroom.problems import outage, page_or_problem
from tenants import conf, refusals
from tenants.context import acting_as, tenant_context
from tenants.errors import TenantFrozen
from tenants.http import Principal
from tenants.models import TenantState

_FROZEN = (
    "Until its day it can be looked at and exported. To change it again, an admin presses "
    "“Keep the workspace” on the account page."
)


class TenantMiddleware:
    """Resolves the caller once, then runs the view inside its tenant's context.

    A response of 400 or more rolls the transaction back: nothing half-done survives a refusal. One that lost
    a race for rows (deadlock, serialization failure) is answered anew, twice at most. Paths of
    TENANTS_LASTING_REFUSALS keep theirs: who is signed in may not undo the count of wrong codes. Views under
    TENANTS_OWN_TRANSACTIONS open tenant_context themselves, around what they write: they ask another service
    in between, and no transaction may wait for that.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.resolvers = [import_string(path) for path in conf.resolvers()]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, as a tenant's if somebody could be recognised."""
        try:
            return self._call(request)
        except DatabaseError as error:
            # Recognising somebody and the commit are outside every view.
            if not outages.is_passing(error):
                raise
            return page_or_problem(request, outage(error))

    def _call(self, request: HttpRequest) -> HttpResponseBase:
        principal, error = self._resolve(request)
        request.principal = principal  # type: ignore[attr-defined]  # see TenantRequest
        request.principal_error = error  # type: ignore[attr-defined]  # see TenantRequest
        if principal is None:
            return self.get_response(request)
        with log_context(tenant_id=str(principal.tenant_id), user_id=str(principal.user_id)):
            if _is_frozen(principal, request):
                return page_or_problem(request, TenantFrozen(_FROZEN))
            response = self._answer(principal, request)
            refusals.note(request, response, tenant_id=principal.tenant_id, actor=principal.actor)
        return response

    def _answer(self, principal: Principal, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(conf.own_transactions()):
            with acting_as(principal.actor):
                return self.get_response(request)
        for is_last in (not _can_be_repeated(request), False, True):
            with tenant_context(principal.tenant_id, actor=principal.actor):
                response = self.get_response(request)
                if response.status_code >= 400 and not _is_lasting(request, response):
                    transaction.set_rollback(True)
            if is_last or not getattr(response, "is_conflict", False):
                break
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


def _can_be_repeated(request: HttpRequest) -> bool:
    """May a request that lost a race for rows be answered anew? Its body is kept, but no file is."""
    if request.content_type == "multipart/form-data":
        return False
    try:
        return request.body is not None
    except (RequestDataTooBig, UnreadablePostError):
        return False


def _is_frozen(principal: Principal, request: HttpRequest) -> bool:
    """Would this change something of a tenant that is to be deleted?"""
    return (
        principal.tenant_state == TenantState.DELETING
        and request.method not in ("GET", "HEAD", "OPTIONS")
        and not request.path.startswith(conf.open_while_deleting())
    )


def _is_lasting(request: HttpRequest, response: HttpResponseBase) -> bool:
    return response.status_code < 500 and request.path.startswith(conf.lasting_refusals())
