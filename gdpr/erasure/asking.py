"""Ask to be erased, and take it back: frozen at once, undone by whoever holds the link, purged later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import outbox, workspaces
from accounts.models import ApiKey, Session, User
from cutroom import dispatch, sealing
from cutroom.errors import Conflict, InvalidInput, NotFound
from gdpr import conf, data_map
from gdpr.erasure.ledger import Scope
from gdpr.models import Erasure, ErasureState
from tenants import audit
from tenants.context import tenant_context
from tenants.errors import LastAdmin
from tenants.models import Membership, Role, Tenant, TenantState

SESSION_END = "account-deleted"
MAIL_LIFE = timedelta(days=3)
# So long before the purge a mail reminds of it.
REMINDERS = (timedelta(days=7), timedelta(days=1))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An erasure that waits, and the address at which it can be undone; empty when it cannot."""

    erasure: Erasure
    undo_url: str


def ask_for_tenant(*, confirm: str, tenant_id: UUID, is_immediate: bool, at: datetime) -> Asked:
    """Erase the tenant in context after the grace: nobody gets in any more, jobs end, the plan ends.

    Raises InvalidInput when `confirm` is not its slug, Conflict when it is being erased already.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    _check_word(confirm, tenant.slug)
    if tenant.state == TenantState.DELETING:
        raise Conflict("This workspace is being deleted already.")
    admins = Membership.objects.filter(role=Role.ADMIN, user__is_active=True)
    contacts = sorted({tenant.email, *admins.values_list("user__email", flat=True)})
    _freeze_tenant(tenant, at=at)
    return _open(
        Scope.TENANT,
        tenant.pk,
        name=tenant.name,
        contacts=contacts,
        subscription="to-cancel",
        is_immediate=is_immediate,
        at=at,
    )


def ask_for_person(*, confirm: str, slug: str, user_id: UUID, is_immediate: bool, at: datetime) -> Asked:
    """Erase one person after the grace. What they made in a workspace stays there, without their name.

    Raises LastAdmin when a workspace would be left without an admin, InvalidInput for a wrong word.
    """
    _check_word(confirm, slug)
    for workspace in workspaces.of(user_id):
        if workspace.role == Role.ADMIN and _is_alone(user_id, workspace.tenant_id):
            detail = f"You are the last admin of {workspace.name}. Hand it over, or delete the workspace."
            raise LastAdmin(detail)
    user = User.objects.select_for_update().get(pk=user_id)
    user.is_active = False
    user.save(update_fields=["is_active"])
    Session.objects.filter(user_id=user_id, ended_at=None).update(ended_at=at, end_reason=SESSION_END)
    audit.record("user.deletion-requested", target=f"user:{user_id}")
    return _open(
        Scope.USER,
        user_id,
        name=user.email,
        contacts=[user.email],
        subscription="",
        is_immediate=is_immediate,
        at=at,
    )


@transaction.atomic
def undo(token: str, *, at: datetime) -> Erasure:
    """Take an erasure back. Sessions and API keys stay ended.

    Undo and purge exclude each other by the row's lock. Raises NotFound for an unknown link, Conflict once
    the purge has begun.
    """
    return _undo(by_token(token, is_locked=True), at=at)


@transaction.atomic
def keep_tenant(tenant_id: UUID, *, at: datetime) -> Erasure:
    """Take the erasure of a tenant back, without its link. Raises NotFound when none waits, and as `undo`."""
    found = waiting_for(tenant_id, is_locked=True)
    if found is None:
        raise NotFound("Nothing is to be deleted here.")
    return _undo(found, at=at)


def waiting_for(tenant_id: UUID, *, is_locked: bool = False) -> Erasure | None:
    """The erasure that waits for a tenant, if one does."""
    rows = Erasure.objects.select_for_update() if is_locked else Erasure.objects.all()
    open_ones = rows.filter(state__in=(ErasureState.WAITING, ErasureState.PURGING))
    return open_ones.filter(scope=Scope.TENANT, subject=tenant_id).first()


def _undo(erasure: Erasure, *, at: datetime) -> Erasure:
    if erasure.state == ErasureState.UNDONE:
        return erasure
    if erasure.state != ErasureState.WAITING or erasure.purge_after <= at:
        raise Conflict("It is too late: the deletion has begun.")
    if erasure.scope == Scope.TENANT:
        with tenant_context(erasure.subject):
            Tenant.objects.filter(pk=erasure.subject).update(state=TenantState.ACTIVE)
            audit.record("tenant.deletion-undone", target=f"tenant:{erasure.subject}")
    else:
        User.objects.filter(pk=erasure.subject).update(is_active=True)
    erasure.state, erasure.finished_at = ErasureState.UNDONE, at
    erasure.subscription = "to-keep" if erasure.subscription == "cancelled" else ""
    _mail("erasure_undone", erasure, at=at)
    erasure.name, erasure.contacts = "", []
    erasure.save()
    dispatch.after_commit("gdpr.erase")
    return erasure


def by_token(token: str, *, is_locked: bool = False) -> Erasure:
    """The erasure of a link. Raises NotFound."""
    rows = Erasure.objects.select_for_update() if is_locked else Erasure.objects.all()
    found = rows.filter(token_hash=sealing.digest(token)).first() if token else None
    if found is None:
        raise NotFound("This link is not known. Use the newest one from your mail.")
    return found


def remind_due(*, at: datetime) -> int:
    """Mail once more a week and a day before it is too late; how many erasures were reminded of."""
    waiting = Erasure.objects.filter(state=ErasureState.WAITING, purge_after__gt=at)
    late = waiting.filter(purge_after__lte=at + max(REMINDERS))
    due = [erasure for erasure in late if _is_reminder_due(erasure, at=at)]
    for erasure in due:
        remind(erasure, at=at)
    return len(due)


def _is_reminder_due(erasure: Erasure, *, at: datetime) -> bool:
    moments = [erasure.purge_after - before for before in REMINDERS]
    # The first mail of all says the same; whoever asked a moment ago needs no second one.
    passed = [moment for moment in moments if erasure.requested_at < moment <= at]
    return bool(passed) and (erasure.reminded_at is None or erasure.reminded_at < max(passed))


def remind(erasure: Erasure, *, at: datetime) -> None:
    """Mail that the end comes near. The link is in the first mail; an admin can also sign in and keep it."""
    _mail("erasure_reminder", erasure, at=at)
    erasure.reminded_at = at
    erasure.save(update_fields=["reminded_at"])


def undo_url(token: str) -> str:
    """The page of a link."""
    return f"{conf.site_url()}/account/undo-delete?token={token}"


def _check_word(confirm: str, slug: str) -> None:
    if confirm != slug:
        detail = f"Type {slug} to confirm. Nothing was deleted."
        raise InvalidInput(errors=[{"field": "confirm", "code": "invalid", "detail": detail}])


def _is_alone(user_id: UUID, tenant_id: UUID) -> bool:
    with tenant_context(tenant_id):
        admins = Membership.objects.filter(role=Role.ADMIN, user__is_active=True)
        return not admins.exclude(user_id=user_id).exists()


def _freeze_tenant(tenant: Tenant, *, at: datetime) -> None:
    audit.record("tenant.deletion-requested", target=f"tenant:{tenant.pk}")
    data_map.data_map().halt(at=at)
    ApiKey.objects.filter(revoked_at=None).update(revoked_at=at)
    Session.objects.filter(tenant_id=tenant.pk, ended_at=None).update(ended_at=at, end_reason=SESSION_END)
    tenant.state = TenantState.DELETING
    tenant.save(update_fields=["state"])


def _open(
    scope: Scope,
    subject: UUID,
    *,
    name: str,
    contacts: list[str],
    subscription: str,
    is_immediate: bool,
    at: datetime,
) -> Asked:
    token = sealing.new_token()
    erasure = Erasure.objects.create(
        scope=scope,
        subject=subject,
        name=name,
        contacts=contacts,
        subscription=subscription,
        token_hash=sealing.digest(token),
        requested_at=at,
        purge_after=at if is_immediate else at + conf.erasure_grace(),
    )
    url = "" if is_immediate else undo_url(token)
    _mail("erasure_asked", erasure, at=at, undo_url=url, status_url=undo_url(token))
    dispatch.after_commit("gdpr.erase")
    return Asked(erasure=erasure, undo_url=url)


def _mail(kind: str, erasure: Erasure, *, at: datetime, **more: Any) -> None:
    context = {"erasure": erasure, "at": at, "site_url": conf.site_url(), **more}
    for address in erasure.contacts:
        outbox.enqueue(kind=kind, recipient=address, context=context, at=at, useful_for=MAIL_LIFE)
