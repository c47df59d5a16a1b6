"""The admin of a neighbour."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from tenants.context import tenant_context
from tenants.models import Membership, Role, Tenant
from tenants.neighbours import Neighbour, furnishes


@furnishes("people", order=10)
def people(tenant: Tenant, neighbour: Neighbour, at: datetime) -> None:
    """One person, who can sign in like everybody."""
    user, _ = User.objects.get_or_create(email=neighbour.email)
    with tenant_context(tenant.pk):
        Membership.objects.create(user=user, role=Role.ADMIN)
