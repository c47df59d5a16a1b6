"""Turns credentials into a Principal, with one query each. Named by TENANTS_RESOLVERS."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from django.http import HttpRequest

from accounts import access_tokens, addresses, api_keys, leaks, limits
from accounts.askers import asker_of
from accounts.errors import BadCredentials, ForeignNetwork, NoWorkspace, SessionEnded
from accounts.magic_links import Asker
from cutroom import prepared
from tenants import refusals
from tenants.context import Actor
from tenants.errors import TenantSuspended
from tenants.http import OPEN_STATES, Principal
from tenants.models import Role

SESSION_KEY = "sid"
# Beside it while an operator acts as a member: the session to go back to.
OPERATOR_SESSION_KEY = "operator_sid"
SESSION_COLUMNS = (
    "user_id",
    "email",
    "tenant_id",
    "role",
    "tenant_slug",
    "tenant_name",
    "tenant_state",
    "signed_in_at",
    "second_factor_at",
    "has_second_factor",
    "is_second_factor_demanded",
    "operator_id",
    "expires_at",
)
KEY_COLUMNS = (
    "api_key_id",
    "user_id",
    "tenant_id",
    "scopes",
    "networks",
    "requests_a_minute",
    "tenant_slug",
    "tenant_name",
    "tenant_state",
)

BY_SESSION = f"SELECT {', '.join(SESSION_COLUMNS)} FROM accounts_resolve_session(%(session)s, %(tenant)s)"  # noqa: S608  # constants
BY_KEY = (
    f"SELECT {', '.join(KEY_COLUMNS)} "  # noqa: S608  # constants
    "FROM accounts_resolve_api_key(%(digest)s, %(ip)s, %(device)s, %(precision)s)"
)

LAST_USED_PRECISION = timedelta(minutes=1)


def from_bearer(request: HttpRequest) -> Principal | None:
    """A JWT or an API key in the Authorization header; None without one (RFC 6750, scheme in any case).

    Raises BadCredentials or SessionEnded (401), NoWorkspace or TenantSuspended (403), KeyInAddress (400) and
    RateLimited (429): a request of a tenant is counted as soon as it is known whose it is.
    """
    leaks.refuse_key_in_address(request)
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if not scheme:
        return None
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise BadCredentials("Send `Authorization: Bearer <token>`.")
    if token.startswith(api_keys.PREFIXES):
        return _by_key(token, asker=asker_of(request))
    claims = access_tokens.read(token)
    principal = _by_session(claims.session_id, claims.tenant_id)
    if principal.user_id != claims.user_id:
        raise SessionEnded()
    limits.check(limits.requests(tenant_id=_open(principal).tenant_id))
    return principal


def from_page_session(request: HttpRequest) -> Principal | None:
    """A browser's page session; None when it has none.

    One that is over is forgotten with all it held, so that an operator's console closes with it. One whose
    tenant is closed to the person stays: they may choose another at /workspaces. An operator who acted as a
    member is themselves again from the next request on.
    """
    session_id = request.session.get(SESSION_KEY)
    if not session_id:
        return None
    try:
        return _open(_by_session(UUID(session_id), None, is_browser=True))
    except (SessionEnded, NoWorkspace, TenantSuspended) as refusal:
        if operator_session := request.session.pop(OPERATOR_SESSION_KEY, None):
            request.session[SESSION_KEY] = operator_session
        elif isinstance(refusal, SessionEnded):
            request.session.flush()
    return None


def session_of_bearer(request: HttpRequest) -> UUID | None:
    """The session that the JWT of a request names; None for an API key. Raises BadCredentials."""
    token = request.headers.get("Authorization", "").strip().partition(" ")[2].strip()
    return None if token.startswith(api_keys.PREFIXES) else access_tokens.read(token).session_id


def facts_of_session(session_id: UUID) -> dict[str, Any] | None:
    """The person and tenant of a session that is alive; None for one that is over."""
    return _one(BY_SESSION, {"session": session_id, "tenant": None}, SESSION_COLUMNS)


def _by_session(session_id: UUID, tenant_id: UUID | None, *, is_browser: bool = False) -> Principal:
    """The tenant is only selected by the caller: without a membership of today it opens nothing."""
    row = _one(BY_SESSION, {"session": session_id, "tenant": tenant_id}, SESSION_COLUMNS)
    if row is None:
        raise SessionEnded()
    if row["tenant_id"] is None:
        if tenant_id is not None:
            actor = Actor(user_id=row["user_id"], session_id=session_id)
            refusals.note_closed(tenant_id, actor=actor, code=NoWorkspace.code)
        raise NoWorkspace()
    return Principal(**{**row, "role": Role(row["role"])}, session_id=session_id, is_browser=is_browser)


def _by_key(key: str, *, asker: Asker) -> Principal:
    if not api_keys.is_well_formed(key):
        raise BadCredentials("This is not an API key. Check that it was copied whole.")
    use = {"ip": asker.ip, "device": asker.device, "precision": LAST_USED_PRECISION}
    row = _one(BY_KEY, {"digest": api_keys.key_digest(key), **use}, KEY_COLUMNS)
    if row is None:
        raise BadCredentials("This API key is unknown, expired or revoked.")
    networks, own_limit = json.loads(row.pop("networks")), row.pop("requests_a_minute")
    scopes = frozenset(json.loads(row.pop("scopes")))
    # A key acts for the tenant, never as an admin: it cannot manage keys, billing, members or deletion.
    principal = _open(Principal(**row, role=Role.CREATOR, scopes=scopes))
    if networks and not addresses.is_within(asker.ip or "", networks):
        refusals.note_closed(principal.tenant_id, actor=principal.actor, code=ForeignNetwork.code)
        raise ForeignNetwork()
    limits.check(
        limits.requests(
            tenant_id=principal.tenant_id, api_key_id=principal.api_key_id, requests_a_minute=own_limit
        )
    )
    return principal


def _open(principal: Principal) -> Principal:
    """One that is to be deleted can still be looked at, and kept; TenantMiddleware refuses the rest."""
    if principal.tenant_state not in OPEN_STATES:
        refusals.note_closed(principal.tenant_id, actor=principal.actor, code=TenantSuspended.code)
        raise TenantSuspended()
    return principal


def _one(statement: LiteralString, values: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any] | None:
    rows = prepared.fetch_all(statement, values)
    return dict(zip(columns, rows[0], strict=True)) if rows else None
