"""Refused requests leave a trace, though the transaction of what they asked for was rolled back."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from tenants import audit
from tenants.context import Actor, tenant_context
from tenants.models import Tenant

logger = logging.getLogger(__name__)

ACTION = "request.denied"

_DENIED = frozenset({402, 403})
_CATCH_ALL = "path"


def note(request: HttpRequest, response: HttpResponseBase, *, tenant_id: UUID, actor: Actor) -> None:
    """Record a refused request in the log of the caller's tenant; other answers are left alone.

    A missing thing counts like another tenant's: telling them apart here would take longer for one of them,
    and the clock would tell the caller which it was.
    """
    if response.status_code in _DENIED or _is_missing_thing(request, response):
        _record(tenant_id, actor=actor, detail=_detail(request, response))


def note_closed(tenant_id: UUID, *, actor: Actor, code: str) -> None:
    """Record that somebody named a tenant that is closed to them, in the log of that tenant."""
    with tenant_context(tenant_id):
        is_known = Tenant.objects.filter(pk=tenant_id).exists()
    if is_known:
        _record(tenant_id, actor=actor, detail={"status": 403, "code": code})


def _record(tenant_id: UUID, *, actor: Actor, detail: dict[str, Any]) -> None:
    try:
        with tenant_context(tenant_id, actor=actor):
            audit.record(ACTION, detail=detail, is_denied=True)
    except DatabaseError:
        # The refusal itself stands, and is in the log of the process.
        logger.exception("refusal_not_recorded", extra={"code": detail["code"]})


def _is_missing_thing(request: HttpRequest, response: HttpResponseBase) -> bool:
    match = request.resolver_match
    return response.status_code == 404 and match is not None and bool(match.kwargs.keys() - {_CATCH_ALL})


def _detail(request: HttpRequest, response: HttpResponseBase) -> dict[str, Any]:
    """The route instead of the path, and ids only: a path may carry a token or a title."""
    match = request.resolver_match or _match_of(request)
    things = (
        {name: str(value) for name, value in match.kwargs.items() if isinstance(value, UUID)} if match else {}
    )
    return {
        "method": request.method,
        "route": match.route if match else "",
        "status": response.status_code,
        "code": getattr(response, "problem_code", ""),
        **({"things": things} if things else {}),
    }


def _match_of(request: HttpRequest) -> ResolverMatch | None:
    """What would have answered a request that a middleware refused."""
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None
