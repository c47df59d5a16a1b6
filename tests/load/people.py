"""Who uses the product: members of workspaces with sessions, API keys and projects, made beforehand."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from accounts import access_tokens, keyring
from accounts.keyring import Wish
from accounts.models import User
from billing.models import TenantSubscription
from cutroom import clock
from rendering import scripts
from tenants.context import Actor, tenant_context
from tenants.models import Role, Tenant
from tests.cast import browser_of, found_tenant, join, open_session

MEMBERS = 5
SCRIPT = "\n\n".join(
    (
        "The tide mill stands where the creek is narrow.",
        "Twice a day the sea comes in and the gates close.",
        "Then the wheel turns for five hours.",
    )
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody signed in: a token for the API, a cookie for the pages, a key for programs, a project."""

    token: str
    cookie: str
    api_key: str
    slug: str
    scenes: list[str]


def make(count: int) -> list[dict[str, Any]]:
    """`count` people, five to a workspace on the plan Enterprise, as JSON types."""
    workspaces = (_workspace(number) for number in range(-(-count // MEMBERS)))
    return [asdict(person) for people in workspaces for person in people][:count]


def _workspace(number: int) -> Iterator[Person]:
    tenant = found_tenant(f"load-{number}-{secrets.token_hex(3)}")
    with tenant_context(tenant.pk):
        TenantSubscription.objects.create(plan="enterprise")
    for member in range(MEMBERS):
        yield _person(tenant, join(tenant, f"member-{member}", Role.ADMIN))


def _person(tenant: Tenant, user: User) -> Person:
    session = open_session(user, tenant)
    token = access_tokens.issue(
        user_id=user.pk, session_id=session.pk, tenant_id=tenant.pk, at=session.created_at
    )
    browser = browser_of(user, tenant)
    with tenant_context(tenant.pk, actor=Actor(user_id=user.pk, session_id=session.pk)):
        project = scripts.create_project(title="The tide mill", script=SCRIPT)
        scenes = [str(scene.pk) for scene in project.scenes.order_by("position")]
        api_key, _ = keyring.make(Wish(name="Load"), user_id=user.pk, at=clock.now())
    return Person(
        token=token,
        cookie=f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}",
        api_key=api_key,
        slug=project.slug,
        scenes=scenes,
    )
