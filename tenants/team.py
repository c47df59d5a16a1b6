"""The people of a tenant. Changes wait for one another, so an admin is always left. Start at `changes`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from cutroom.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from tenants import audit
from tenants.context import current_actor, current_tenant_id
from tenants.errors import LastAdmin
from tenants.models import Membership, Role, Tenant

LONGEST_NAME = 120
# Marks that turn the rest of a line around: a name with one could say something else in a mail.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@contextmanager
def changes() -> Iterator[None]:
    """Change the team of the tenant in context: one change at a time, and whole or not at all.

    Raises LastAdmin when afterwards no admin were left who can sign in.
    """
    with transaction.atomic():
        # Not the key: rows that point at the tenant go on being written meanwhile.
        Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
        yield
        if not Membership.objects.filter(role=Role.ADMIN, user__is_active=True).exists():
            raise LastAdmin()


@contextmanager
def changes_by_admin() -> Iterator[None]:
    """As `changes`, for whoever acts in this context, read again behind the lock.

    Raises PermissionDenied when they lost their role while the request was on its way.
    """
    with changes():
        user_id = current_actor().user_id
        if user_id is not None and not Membership.objects.filter(user_id=user_id, role=Role.ADMIN).exists():
            raise PermissionDenied("You are no longer an admin of this workspace.")
        yield


def member(member_id: UUID) -> Membership:
    """A member of the tenant in context, with the person. Raises NotFound."""
    found = Membership.objects.select_related("user").filter(pk=member_id).first()
    if found is None:
        raise NotFound()
    return found


def join(*, user_id: UUID, role: Role) -> Membership:
    """Make a person a member of the tenant in context; who is one already keeps their role."""
    membership, is_new = Membership.objects.get_or_create(user_id=user_id, defaults={"role": role})
    if is_new:
        audit.record("member.joined", target=f"user:{user_id}", detail={"role": role})
    return membership


def change_role(*, member_id: UUID, role: Role) -> Membership:
    """Give a member another role. Raises NotFound, LastAdmin, PermissionDenied."""
    with changes_by_admin():
        found = member(member_id)
        if found.role != role:
            audit.record(
                "member.role-changed",
                target=f"user:{found.user_id}",
                detail={"from": found.role, "to": role},
            )
            _set_role(found, role)
    return found


def remove(*, member_id: UUID) -> None:
    """Take a member out. What they made stays. Raises NotFound, LastAdmin, PermissionDenied."""
    with changes_by_admin():
        found = member(member_id)
        found.delete()
        audit.record("member.removed", target=f"user:{found.user_id}", detail={"role": found.role})


def leave(*, user_id: UUID) -> None:
    """Take oneself out. Raises NotFound for somebody who is no member, LastAdmin."""
    with changes():
        found = _membership_of(user_id)
        found.delete()
        audit.record("member.left", target=f"user:{user_id}", detail={"role": found.role})


def hand_over(*, user_id: UUID, member_id: UUID) -> Membership:
    """Make another member admin and the giver a creator, in one step; returns the new admin's membership.

    Raises NotFound, Conflict for oneself, PermissionDenied for a giver who is no admin, LastAdmin for a taker
    who cannot sign in.
    """
    with changes_by_admin():
        giver, taker = _membership_of(user_id), member(member_id)
        if giver.pk == taker.pk:
            raise Conflict("Choose another member: this is you.")
        _set_role(taker, Role.ADMIN)
        _set_role(giver, Role.CREATOR)
        audit.record("tenant.handed-over", target=f"user:{taker.user_id}", detail={"by": f"user:{user_id}"})
    return taker


def rename(name: str) -> Tenant:
    """Give the tenant in context another name; its slug stays, so links do. Raises InvalidInput."""
    name = _clean_name(name)
    with changes_by_admin():
        tenant = Tenant.objects.get(pk=current_tenant_id())
        if tenant.name != name:
            audit.record(
                "tenant.renamed", target=f"tenant:{tenant.pk}", detail={"from": tenant.name, "to": name}
            )
            tenant.name = name
            tenant.save(update_fields=["name"])
    return tenant


def has_unseen_marks(name: str) -> bool:
    """Does it hold control characters (a NUL fits in no text of PostgreSQL), or marks that turn a line?"""
    return any(unicodedata.category(mark) == "Cc" or mark in _TURNING for mark in name)


def _membership_of(user_id: UUID) -> Membership:
    found = Membership.objects.select_related("user").filter(user_id=user_id).first()
    if found is None:
        raise NotFound()
    return found


def _set_role(membership: Membership, role: Role) -> None:
    membership.role = role
    membership.save(update_fields=["role"])


def _clean_name(given: str) -> str:
    """One line of at most 120 characters. It stands in mails to strangers, so it may carry no address."""
    name = " ".join(given.split())
    problem = ""
    if not name:
        problem = "Give the workspace a name."
    elif len(name) > LONGEST_NAME:
        problem = f"{len(name)} characters; {LONGEST_NAME} are possible."
    elif has_unseen_marks(name):
        problem = "The name has characters that cannot be seen. Type it anew."
    elif "://" in name or "www." in name.lower():
        problem = "A name cannot be a web address."
    if problem:
        raise InvalidInput(errors=[{"field": "name", "code": "invalid", "detail": problem}])
    return name
