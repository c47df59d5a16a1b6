"""Deeds on members: send a sign-in link, and act as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import acting, services
from accounts.magic_links import Asker
from tenants.console.deeds import Deed, Outcome, Target, Wish, deed
from tenants.models import Membership, TenantState


class MemberDeed(Deed):
    """A deed on members."""

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """The members of these ids."""
        rows = Membership.everywhere.using("ops").select_related("user", "tenant").filter(pk__in=ids)
        return [self._target(row) for row in rows.order_by("user__email", "pk")]

    def refusal(self, member: Membership) -> str:
        """Why it cannot be done to this member now; empty when it can."""
        return "" if member.user.is_active else "The account is closed."

    def _target(self, row: Membership) -> Target:
        return Target(
            tenant_id=row.tenant_id,
            kind="member",
            id=str(row.pk),
            label=f"{row.user.email}, {row.tenant.name}",
            url=f"{reverse('admin:tenant', args=[row.tenant_id])}?tab=members",
            refusal=self.refusal(row),
        )


@deed
class SendLink(MemberDeed):
    """Mail a sign-in link to a member."""

    name, title, button, done = "send-link", "Send a sign-in link", "Send the link", "Link sent"

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """Only the member can use it."""
        return [
            "A new link and code go to the member's address. Earlier ones that were not used stop working.",
            "You do not see the link. The usual limits for an address hold.",
        ]

    def perform(self, target: Target, wish: Wish) -> None:
        """Mail it."""
        user = Membership.objects.select_related("user").get(pk=target.id).user
        services.request_link(email=user.email, asker=Asker(device=acting.DEVICE), at=wish.at)


@deed
class ActAs(MemberDeed):
    """Work as a member for half an hour."""

    name, title, button, done = "act-as", "Act as this member", "Act as this member", "Acting"
    is_dangerous = True

    def targets(self, ids: Sequence[UUID]) -> list[Target]:
        """One at a time."""
        return super().targets(ids[:1])

    def refusal(self, member: Membership) -> str:
        """Only members of open workspaces, and no operators."""
        if member.tenant.state != TenantState.ACTIVE:
            return "The workspace is closed."
        if member.user.is_staff:
            return "This is an operator."
        return super().refusal(member)

    def effects(self, targets: Sequence[Target], choices: Mapping[str, Any]) -> list[str]:
        """What opens, what stays closed, and who is told."""
        return [
            "For 30 minutes this browser is the member: what they make, and usage.",
            "Billing, keys, people, security, export and deletion stay closed.",
            "The member gets a mail with your reason. Each audit entry names both of you.",
        ]

    def perform(self, target: Target, wish: Wish) -> UUID:
        """Open the session; its id."""
        member = Membership.objects.select_related("user", "tenant").get(pk=target.id)
        session = acting.begin(
            user=member.user,
            tenant=member.tenant,
            operator_id=cast(UUID, wish.operator_id),
            reason=wish.reason,
            at=wish.at,
        )
        return session.pk

    def after(self, request: HttpRequest, outcomes: Sequence[Outcome]) -> HttpResponse | None:
        """Into the product."""
        acting.enter(request, outcomes[0].result)
        return HttpResponseRedirect("/library")
