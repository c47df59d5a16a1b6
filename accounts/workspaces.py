"""Which tenants a person belongs to, and the first one of a newcomer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.text import slugify

from accounts.errors import NoWorkspace, SessionEnded
from accounts.models import Session, User
from accounts.signals import signed_up
from tenants import audit
from tenants.context import Actor, tenant_context
from tenants.errors import TenantSuspended
from tenants.http import OPEN_STATES
from tenants.models import Membership, Role, Tenant

MEMBERSHIPS = "SELECT tenant_id, slug, name, state, role FROM accounts_memberships(%s)"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One tenant a person belongs to."""

    tenant_id: UUID
    slug: str
    name: str
    state: str
    role: str


def of(user_id: UUID) -> list[Workspace]:
    """Every tenant of a person, oldest first. Looks across tenants by a function that returns no more."""
    with connection.cursor() as cursor:
        cursor.execute(MEMBERSHIPS, [user_id])
        names = ("tenant_id", "slug", "name", "state", "role")
        return [Workspace(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def choose(user: User, *, at: datetime) -> UUID:
    """The tenant a sign-in lands in: the oldest active one, then one to be deleted, or a newcomer's new one.

    Raises NoWorkspace when every tenant of the person is closed to them.
    """
    workspaces = of(user.pk)
    for state in OPEN_STATES:
        for workspace in workspaces:
            if workspace.state == state:
                return workspace.tenant_id
    if workspaces:
        raise NoWorkspace()
    return found(user, at=at)


def found(user: User, *, at: datetime) -> UUID:
    """A new tenant with `user` as its admin. Call inside a transaction: it appears whole or not at all."""
    name = user.email.partition("@")[0]
    tenant = Tenant(name=name.replace(".", " ").title()[:120], email=user.email)
    tenant.slug = _free_slug(name, tenant_id=tenant.pk)
    with tenant_context(tenant.pk, actor=Actor(user_id=user.pk)):
        tenant.save(force_insert=True)
        Membership.objects.create(user=user, role=Role.ADMIN)
        audit.record("tenant.founded", target=f"tenant:{tenant.pk}")
        signed_up.send(sender=Tenant, tenant_id=tenant.pk, user_id=user.pk)
    return tenant.pk


def switch(*, user_id: UUID, session_id: UUID, tenant_id: UUID) -> Workspace:
    """Let a session work in another tenant of its person from now on; tokens issued before keep theirs.

    Raises NoWorkspace for a tenant the person is no member of, TenantSuspended, SessionEnded.
    """
    workspace = next((each for each in of(user_id) if each.tenant_id == tenant_id), None)
    if workspace is None:
        raise NoWorkspace()
    if workspace.state not in OPEN_STATES:
        raise TenantSuspended()
    with tenant_context(tenant_id, actor=Actor(user_id=user_id, session_id=session_id)):
        mine = Session.objects.filter(pk=session_id, user_id=user_id, ended_at=None)
        if not mine.update(tenant_id=tenant_id):
            raise SessionEnded()
        audit.record("session.switched", target=f"session:{session_id}")
    return workspace


def _free_slug(name: str, *, tenant_id: UUID) -> str:
    """Other tenants' slugs cannot be seen from here, so a newcomer's carries a piece of its own id."""
    return f"{slugify(name)[:40] or 'studio'}-{tenant_id.hex[:6]}"
