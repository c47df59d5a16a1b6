"""What the page of a tenant shows of people and keys, and how members are found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max, Q
from django.urls import reverse

from accounts.models import ApiKey, Invitation, Session, User
from cutroom.console import pages
from cutroom.console.board import Sheet
from cutroom.console.search import MOST, Hit, finder
from tenants.console.panels import panel
from tenants.console.tenant_pages import id_begins
from tenants.models import Membership, Tenant

MOST_MEMBERS = 50

pages.entry(
    label="Mail", icon="mail", name="accounts_outboxmail_changelist", area="accounts/outboxmail", order=52
)


@panel("members", order=30, tab="Members")
def members(tenant: Tenant, at: datetime) -> Sheet:
    """Who is in the workspace, when they were last seen, and who is invited."""
    rows = list(Membership.objects.select_related("user").order_by("created_at", "pk")[: MOST_MEMBERS + 1])
    seen = Session.objects.filter(tenant_id=tenant.pk, operator_id=None).values("user_id")
    seen_at = dict(seen.annotate(last=Max("seen_at")).values_list("user_id", "last"))
    invited = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)
    context = {
        "tenant": tenant,
        "members": [(row, seen_at.get(row.user_id)) for row in rows[:MOST_MEMBERS]],
        "has_more": len(rows) > MOST_MEMBERS,
        "invited": list(invited.order_by("created_at")[:MOST_MEMBERS]),
    }
    return Sheet(template="accounts/console/_members.html", context=context)


@panel("keys", order=65, tab="Keys and webhooks")
def keys(tenant: Tenant, at: datetime) -> Sheet:
    """API keys by what is visible of them."""
    rows = list(ApiKey.objects.filter(revoked_at=None).order_by("-created_at")[:MOST_MEMBERS])
    return Sheet(template="accounts/console/_keys.html", context={"keys": rows, "at": at})


@finder("Members")
def find(text: str) -> list[Hit]:
    """Members by a part of their address, or by the beginning of a user's id."""
    rows: Any = Membership.everywhere.using("ops").select_related("user", "tenant")
    by_id = User.objects.using("ops").filter(id_begins(text))
    found = rows.filter(Q(user__email__icontains=text) | Q(user__in=by_id))
    return [
        Hit(
            label=row.user.email,
            note=f"{row.get_role_display()} of {row.tenant.name}",
            url=f"{reverse('admin:tenant', args=[row.tenant_id])}?tab=members",
        )
        for row in found.order_by("user__email", "pk")[:MOST]
    ]
