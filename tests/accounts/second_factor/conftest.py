"""Alice with a phone, Bob with a security key, and how they sign in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.second_factor import challenges, enrolment, recovery_codes
from accounts.second_factor.enrolment import Owner
from accounts.second_factor.proofs import Proof
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.accounts.conftest import ASKER, ask
from tests.accounts.second_factor.authenticator import SecurityKey
from tests.cast import AppInHand, Cast, give_app, open_session

VERIFY = "/api/auth/magic-link/verify"
SECOND = "/api/auth/second-factor"
SECURITY = "/account/security"

Delivered = Callable[[], list[EmailMultiAlternatives]]


def first_step(client: APIClient, user: User) -> dict[str, Any]:
    """Use a mailed link; the problem document that asks for the second factor."""
    answer = client.post(VERIFY, {"token": ask(user.email).token})
    assert answer.status_code == 403, answer.content
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == "second-factor-required"
    return problem


def owner_of(user: User, tenant: Tenant) -> Owner:
    """A person at the security page, from a fresh session."""
    return Owner(user=user, session_id=open_session(user, tenant).pk, asker=ASKER)


def give_passkey(user: User, tenant: Tenant, *, name: str = "Key ring", **traits: Any) -> SecurityKey:
    """A security key, registered by its person."""
    key, at, session = SecurityKey(**traits), clock.now(), open_session(user, tenant)
    owner = Owner(user=user, session_id=session.pk, asker=ASKER)
    asked = challenges.ask_for_new_passkey(user=user, session=session, at=at)
    assert asked.passkey
    with tenant_context(tenant.pk):
        proof = Proof(passkey=key.create(asked.passkey))
        enrolment.add_passkey(owner, token=asked.token, name=name, proof=proof, at=at)
    return key


def words(page: Any) -> str:
    """What stands on a page, without markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))


def options_on(page: Any) -> dict[str, Any]:
    """What a page hands to the browser's authenticator."""
    found = re.search(r'data-options="([^"]*)"', page.content.decode())
    assert found
    return dict(json.loads(unescape(found[1])))


def prove(user: User) -> None:
    """As if every session of the person had just shown a second factor."""
    Session.objects.filter(user=user).update(second_factor_at=clock.now())


@pytest.fixture(autouse=True)
def _site_with_a_host_name(settings: Settings) -> None:
    """Passkeys need a host name that browsers trust."""
    settings.SITE_URL = "http://localhost"


@pytest.fixture
def phone(cast: Cast) -> AppInHand:
    """Alice's authenticator app."""
    return give_app(cast.alice)


@pytest.fixture
def key(cast: Cast) -> SecurityKey:
    """Bob's security key."""
    return give_passkey(cast.bob, cast.acme)


@pytest.fixture
def codes(cast: Cast, phone: AppInHand) -> list[str]:
    """Alice's recovery codes."""
    return recovery_codes.renew(user_id=cast.alice.pk, at=clock.now())
