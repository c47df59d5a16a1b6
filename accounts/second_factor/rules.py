"""What a tenant demands of its members' sign-in, and how many of them meet it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.second_factor.models import AuthenticatorApp, Passkey, SignInRule
from tenants import audit
from tenants.context import current_tenant_id
from tenants.models import Membership


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The rule of the tenant in context, its members, and how many of them have a second factor."""

    is_demanded: bool
    members: int
    enrolled: int


def reach() -> Reach:
    """How far the rule of the tenant in context reaches. Three queries, however many members."""
    rule = SignInRule.objects.filter(demands_second_factor=True)
    apps = AuthenticatorApp.objects.filter(user_id=OuterRef("user_id")).exclude(confirmed_at=None)
    keys = Passkey.objects.filter(user_id=OuterRef("user_id"))
    members = Membership.objects.all()
    return Reach(
        is_demanded=rule.exists(),
        members=members.count(),
        enrolled=members.filter(Exists(apps) | Exists(keys)).count(),
    )


@transaction.atomic
def demand(*, is_demanded: bool, at: datetime) -> None:
    """Demand a second factor of every member of the tenant in context, from the next request on; or stop."""
    SignInRule.objects.update_or_create(
        tenant_id=current_tenant_id(),
        defaults={"demands_second_factor": is_demanded, "changed_at": at},
    )
    action = "second-factor.demanded" if is_demanded else "second-factor.demand-ended"
    audit.record(action, target=f"tenant:{current_tenant_id()}")
