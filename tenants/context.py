"""Which tenant this code works for: one context variable and one transaction-local database setting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from cutroom import prepared
from tenants.errors import NoTenantInContext

SET = "SELECT set_config('app.tenant_id', %(tenant_id)s, true)"
SET_KEY = "SELECT set_config('app.row_key', %(key)s, true)"

_current: ContextVar[UUID | None] = ContextVar("tenant_id", default=None)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: a person, an API key, or nobody (the system). An operator may act as a person."""

    user_id: UUID | None = None
    api_key_id: UUID | None = None
    session_id: UUID | None = None
    operator_id: UUID | None = None


_actor: ContextVar[Actor] = ContextVar("actor", default=Actor())  # noqa: B039  # frozen


def current_actor() -> Actor:
    """Who acts in this context; the system when nobody was named."""
    return _actor.get()


def current_tenant_id() -> UUID:
    """The tenant in context. Raises NoTenantInContext when there is none."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenantInContext("Tenant rows can only be used inside tenant_context(tenant_id).")
    return tenant_id


def tenant_id_or_none() -> UUID | None:
    """The tenant in context, for logs and labels; None outside any."""
    return _current.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Name who acts in the tenant contexts opened inside that name nobody else."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def tenant_context(tenant_id: UUID, *, actor: Actor | None = None) -> Iterator[None]:
    """Work as one tenant: a transaction in which both walls, manager and row security, show its rows.

    Contexts nest; leaving an inner one restores the outer. The database setting is transaction-local, because
    a session-level one leaks to the next borrower of a pooled connection. It goes with the first statement.
    """
    outer = _current.get()
    is_nested = connection.in_atomic_block
    with transaction.atomic(), _told(tenant_id, at_once=is_nested):
        token = _current.set(tenant_id)
        actor_token = _actor.set(actor or _actor.get())
        try:
            yield
        finally:
            _actor.reset(actor_token)
            _current.reset(token)
        # After RELEASE SAVEPOINT the inner value would stay for the rest of the outer transaction; a COMMIT
        # or a rollback restores it without our help.
        if is_nested and not connection.needs_rollback:
            prepared.fetch_all(SET, _setting(outer))


@contextmanager
def row_key(key: str) -> Iterator[None]:
    """Work in a transaction that shows the rows of keyed tables that name `key`, such as an address.

    A model says by `row_keys` which of its columns count. They do not nest; afterwards no such row is seen.
    """
    with transaction.atomic():
        prepared.fetch_all(SET_KEY, {"key": key})
        yield
        # Only the outermost COMMIT would forget it.
        prepared.fetch_all(SET_KEY, {"key": ""})


def _told(tenant_id: UUID, *, at_once: bool) -> AbstractContextManager[None]:
    """Tell the database the tenant, at once or with the first statement."""
    if not at_once:
        return prepared.ahead_of_the_next(SET, _setting(tenant_id))
    prepared.fetch_all(SET, _setting(tenant_id))
    return nullcontext()


def _setting(tenant_id: UUID | None) -> dict[str, str]:
    return {"tenant_id": str(tenant_id) if tenant_id else ""}
