"""The people of the tests. Alice and Bob work at Acme, Charlie at Globex, Olga operates the site.

Fixtures: `cast` (in the test's transaction) or `committed_cast`; bearer clients `alice`, `bob`, `charlie`,
`stranger`; browsers `alice_browser`, `bob_browser`, `charlie_browser`, `olga_browser`, `browser`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts import access_tokens, sessions, workspaces
from accounts.magic_links import Asker
from accounts.models import Session, User
from accounts.resolvers import SESSION_KEY
from accounts.second_factor import totp
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import Membership, Role, Tenant


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Two tenants and four people."""

    acme: Tenant
    globex: Tenant
    alice: User
    bob: User
    charlie: User
    olga: User


@dataclass(frozen=True)
class AppInHand:
    """The phone: shows codes of a secret."""

    secret: str

    def code(self, at: datetime) -> str:
        """What the app shows at a moment."""
        return pyotp.TOTP(self.secret).at(at)


def found_tenant(slug: str) -> Tenant:
    """An active tenant, made as the app role has to: inside its own context."""
    tenant = Tenant(slug=slug, name=slug.title(), email=f"office@{slug}.test")
    with tenant_context(tenant.pk):
        tenant.save(force_insert=True)
    return tenant


def join(tenant: Tenant, name: str, role: Role) -> User:
    """A person who becomes a member of a tenant."""
    user = User.objects.create_user(f"{name}@{tenant.slug}.test")
    with tenant_context(tenant.pk):
        Membership.objects.create(user=user, role=role)
    return user


def make_cast() -> Cast:
    """Everybody, as rows of the current transaction."""
    acme, globex = found_tenant("acme"), found_tenant("globex")
    return Cast(
        acme=acme,
        globex=globex,
        alice=join(acme, "alice", Role.ADMIN),
        bob=join(acme, "bob", Role.CREATOR),
        charlie=join(globex, "charlie", Role.ADMIN),
        olga=User.objects.create_superuser("olga@cutroom.test"),
    )


def open_session(user: User, tenant: Tenant, *, second_factor_at: datetime | None = None) -> Session:
    """A signed-in device, without any mail."""
    asker = Asker(ip="192.0.2.7", device="Firefox on Linux")
    return sessions.open_session(
        user=user, tenant_id=tenant.pk, asker=asker, at=clock.now(), second_factor_at=second_factor_at
    )


def give_app(user: User) -> AppInHand:
    """An authenticator app, connected ten minutes ago."""
    at = clock.now() - timedelta(minutes=10)
    enrolment = totp.begin(user_id=user.pk, email=user.email, at=at)
    app = AppInHand(enrolment.secret)
    totp.confirm(user_id=user.pk, code=app.code(at), at=at)
    return app


def bearer(user: User, tenant: Tenant) -> APIClient:
    """A client of the API, signed in by an access token."""
    session = open_session(user, tenant)
    token = access_tokens.issue(
        user_id=user.pk, session_id=session.pk, tenant_id=tenant.pk, at=session.created_at
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def browser_of(user: User, tenant: Tenant, **options: Any) -> Client:
    """A browser, signed in by a page session."""
    client = Client(**options)
    cookie = client.session
    cookie[SESSION_KEY] = str(open_session(user, tenant).pk)
    cookie.save()
    return client


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast, rolled back after the test."""
    return make_cast()


@pytest.fixture
def committed_cast(transactional_db: None) -> Cast:
    """The cast, visible to threads and other processes."""
    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> APIClient:
    """Alice, admin of Acme, at the API."""
    return bearer(cast.alice, cast.acme)


@pytest.fixture
def bob(cast: Cast) -> APIClient:
    """Bob, creator at Acme, at the API."""
    return bearer(cast.bob, cast.acme)


@pytest.fixture
def charlie(cast: Cast) -> APIClient:
    """Charlie, admin of Globex, at the API."""
    return bearer(cast.charlie, cast.globex)


@pytest.fixture
def stranger() -> APIClient:
    """Nobody in particular, at the API."""
    return APIClient()


@pytest.fixture
def alice_browser(cast: Cast) -> Client:
    """Alice at the pages."""
    return browser_of(cast.alice, cast.acme)


@pytest.fixture
def bob_browser(cast: Cast) -> Client:
    """Bob at the pages."""
    return browser_of(cast.bob, cast.acme)


@pytest.fixture
def charlie_browser(cast: Cast) -> Client:
    """Charlie at the pages."""
    return browser_of(cast.charlie, cast.globex)


def console_of(operator: User) -> Client:
    """A browser at the console: an operator has a workspace like everybody, and showed a second factor."""
    with transaction.atomic():
        tenant_id = workspaces.choose(operator, at=clock.now())
        give_app(operator)
        session = open_session(operator, Tenant(pk=tenant_id), second_factor_at=clock.now())
    client = Client()
    client.force_login(operator)
    cookie = client.session
    cookie[SESSION_KEY] = str(session.pk)
    cookie.save()
    return client


@pytest.fixture
def olga_browser(cast: Cast) -> Client:
    """Olga at the console."""
    return console_of(cast.olga)


@pytest.fixture
def browser() -> Client:
    """A browser nobody signed in with; it sends CSRF tokens like a real one."""
    return Client(enforce_csrf_checks=True)
