"""What the tests of inviting and of joining share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.core.mail import EmailMultiAlternatives
from rest_framework.test import APIClient

from accounts import workspaces
from accounts.models import User
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant

INVITES = "/api/team/invites"
ACCEPT = f"{INVITES}/accept"
Delivered = Callable[[], list[EmailMultiAlternatives]]


def invite(client: APIClient, email: str, role: str = "creator") -> Any:
    return client.post(INVITES, {"email": email, "role": role})


def token_in(letter: EmailMultiAlternatives) -> str:
    found: set[str] = set(re.findall(r"/invite\?token=([\w-]+)", str(letter.body)))
    [token] = found
    return token


def accept(client: APIClient, token: str) -> Any:
    return client.post(ACCEPT, {"token": token})


def roles_of(user: User) -> dict[str, str]:
    return {workspace.slug: workspace.role for workspace in workspaces.of(user.pk)}


def audited(tenant: Tenant) -> list[str]:
    with tenant_context(tenant.pk):
        entries = AuditEntry.objects.exclude(action="session.opened").order_by("at", "id")
        return list(entries.values_list("action", flat=True))
