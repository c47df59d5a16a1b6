"""Invitations to a tenant: bound to an address, for one use within seven days. Start at `invite`, `accept`.

The token is no sign-in: it proves nothing by itself, and whoever accepts must have signed in with the invited
address. Only its hash is kept; sending an invitation again replaces it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from accounts import addresses, conf, limits, outbox
from accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationExpired,
    InvitationForAnother,
    InvitationInvalid,
    InvitationRevoked,
    InvitationUsed,
)
from accounts.models import Invitation, User
from cutroom import sealing
from cutroom.errors import NotFound
from tenants import audit, team
from tenants.conf import product
from tenants.context import Actor, current_tenant_id, tenant_context
from tenants.errors import TenantSuspended
from tenants.models import Membership, Role, Tenant, TenantState

OFFER_COLUMNS = (
    "invitation_id",
    "tenant_id",
    "tenant_name",
    "tenant_state",
    "email",
    "role",
    "inviter",
    "expires_at",
    "accepted_at",
    "revoked_at",
)
BY_HASH = f"SELECT {', '.join(OFFER_COLUMNS)} FROM accounts_find_invitation(%s)"  # noqa: S608  # constants


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What an invitation offers, for whoever holds its token; `inviter` is an address, empty if unknown."""

    invitation_id: UUID
    tenant_id: UUID
    tenant_name: str
    tenant_state: str
    email: str
    role: Role
    inviter: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


def waiting() -> QuerySet[Invitation]:
    """The invitations of the tenant in context that are neither accepted nor revoked, newest first."""
    open_ones = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    return open_ones.order_by("-created_at", "-id")


def invite(*, emails: Sequence[str], role: Role, inviter_id: UUID, at: datetime) -> list[Invitation]:
    """Mail an invitation to each address, or to none. One that has expired is renewed.

    Raises InvalidInput, AlreadyMember, AlreadyInvited, RateLimited, PermissionDenied.
    """
    wanted = list(dict.fromkeys(addresses.normalise_email(email) for email in emails))
    for email in wanted:
        limits.check(limits.invite(tenant_id=current_tenant_id(), email=email))
    with team.changes_by_admin():
        sender = _Sender.of(inviter_id, at=at)
        return [_invite(email, role=role, sender=sender) for email in wanted]


def resend(*, invitation_id: UUID, inviter_id: UUID, at: datetime) -> Invitation:
    """Mail an invitation again, with a new link and a new week; the old link is dead.

    Raises NotFound, RateLimited, PermissionDenied.
    """
    limits.check(limits.invite(tenant_id=current_tenant_id(), email=one(invitation_id).email))
    with team.changes_by_admin():
        invitation = one(invitation_id)
        _send(invitation, sender=_Sender.of(inviter_id, at=at))
        audit.record("invitation.resent", target=f"invitation:{invitation.pk}")
    return invitation


def revoke(*, invitation_id: UUID, at: datetime) -> None:
    """Take an invitation back now. Raises NotFound, PermissionDenied."""
    with team.changes_by_admin():
        if not waiting().filter(pk=invitation_id).update(revoked_at=at):
            raise NotFound()
        audit.record("invitation.revoked", target=f"invitation:{invitation_id}")


def one(invitation_id: UUID) -> Invitation:
    """An open invitation of the tenant in context. Raises NotFound."""
    found = waiting().filter(pk=invitation_id).first()
    if found is None:
        raise NotFound()
    return found


def look_at(token: str, *, at: datetime) -> Offer:
    """What a token offers, without accepting it.

    Raises InvitationInvalid, InvitationUsed, InvitationRevoked, InvitationExpired, TenantSuspended.
    """
    return _alive(sealing.digest(token), at=at)


def accept(*, token_hash: str, user: User, at: datetime) -> Offer:
    """Make the person a member. Of any number of parallel calls exactly one returns.

    Raises InvitationForAnother when it was sent to another address, and as `look_at`.
    """
    offer = _alive(token_hash, at=at)
    if offer.email != user.email:
        raise InvitationForAnother()
    with tenant_context(offer.tenant_id, actor=Actor(user_id=user.pk)):
        alive = waiting().filter(pk=offer.invitation_id, token_hash=token_hash, expires_at__gt=at)
        if not alive.update(accepted_at=at, accepted_by=user.pk):
            raise InvitationUsed()
        audit.record("invitation.accepted", target=f"invitation:{offer.invitation_id}")
        team.join(user_id=user.pk, role=offer.role)
    return offer


@dataclass(frozen=True, kw_only=True)
class _Sender:
    """Who invites to what, and when."""

    user: User
    tenant: Tenant
    at: datetime

    @classmethod
    def of(cls, user_id: UUID, *, at: datetime) -> _Sender:
        user, tenant = User.objects.get(pk=user_id), Tenant.objects.get(pk=current_tenant_id())
        return cls(user=user, tenant=tenant, at=at)


def _invite(email: str, *, role: Role, sender: _Sender) -> Invitation:
    if Membership.objects.filter(user__email=email).exists():
        raise AlreadyMember(f"{email} is a member already. Change the role in the list of members.")
    invitation = waiting().filter(email=email).first()
    if invitation is not None and not invitation.has_expired(sender.at):
        raise AlreadyInvited(f"{email} has an open invitation. Send it again from the list, or take it back.")
    if invitation is None:
        invitation = Invitation(email=email, created_at=sender.at)
    invitation.role = role
    _send(invitation, sender=sender)
    audit.record("invitation.sent", target=f"invitation:{invitation.pk}", detail={"role": role})
    return invitation


def _send(invitation: Invitation, *, sender: _Sender) -> None:
    token = sealing.new_token()
    invitation.token_hash, invitation.invited_by = sealing.digest(token), sender.user.pk
    invitation.sent_at, invitation.expires_at = sender.at, sender.at + conf.INVITATION_LIFE
    invitation.save()
    url = f"{conf.site_url()}/invite?{urlencode({'token': token})}"
    outbox.enqueue(
        kind="invitation",
        recipient=invitation.email,
        context={
            "invitation": invitation,
            "sender": sender,
            "may": product().may,
            "url": url,
            "site_url": conf.site_url(),
        },
        at=sender.at,
        useful_for=conf.INVITATION_LIFE,
    )


def _alive(token_hash: str, *, at: datetime) -> Offer:
    offer = _find(token_hash)
    if offer.revoked_at is not None:
        raise InvitationRevoked()
    if offer.accepted_at is not None:
        raise InvitationUsed()
    if offer.expires_at <= at:
        raise InvitationExpired()
    if offer.tenant_state != TenantState.ACTIVE:
        raise TenantSuspended()
    return offer


def _find(token_hash: str) -> Offer:
    """By a function that looks in every tenant and shows one row: whoever asks has chosen no tenant yet."""
    with connection.cursor() as cursor:
        cursor.execute(BY_HASH, [token_hash])
        row = cursor.fetchone()
    if row is None:
        raise InvitationInvalid()
    found = dict(zip(OFFER_COLUMNS, row, strict=True))
    return Offer(**{**found, "role": Role(found["role"])})
