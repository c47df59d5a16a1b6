"""Who gets where: every route of the URL map, asked by everybody who has no business there.

Generated from the URL map, so a new endpoint or page is asked as soon as it has a URL (T23). Other tenants
and roles at the API have tests of their own beside this one; here are those who are nobody: with bad
credentials, in no tenant, in a suspended tenant, with a key that has no scope; and everybody at the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from accounts import keyring
from accounts.keyring import Wish
from accounts.models import User
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import Membership, Role, Tenant, TenantState
from tests.architecture.test_roles import page_routes
from tests.architecture.test_tenant_matrix import answer_to, endpoints
from tests.cast import Cast, bearer, browser_of, join

# What is told to whoever asks: who they are, which tenants they have, how to join one.
FOR_EVERY_PERSON = {"api/auth/tenants", "api/auth/switch-tenant", "api/team/invites/accept"}
# A key may ask who it is. Signing out ends the caller's own session; a key has none.
FOR_EVERY_KEY = {"api/auth/me", "api/auth/logout"}

# Pages that are meant for strangers, or that know their reader by something in their hand.
OPEN_PAGES = {
    "",
    "login",
    "login/link",
    "login/check",
    "login/code",
    "login/second-factor",
    "logout",
    "invite",
    "invite/sign-in",
    "problems",
    "problems/<slug:code>",
    "theme",
    "privacy",
    "privacy/requests",
    "privacy/requests/confirm",
    "privacy/stop-news",
    "mail/events",
    "account/undo-delete",
    "account/receipt",
    ".well-known/cutroom-signing-key.pem",
}
# Parts of a path that name a choice and not a tenant's thing.
CHOICES = {"<slug:deed>": "disable", "<slug:look>": "title"}


@pytest.fixture
def bare_key(cast: Cast, things: dict[str, str]) -> APIClient:
    """A program with a key of Acme's that has no scope."""
    with tenant_context(cast.acme.pk):
        plain, _ = keyring.make(Wish(scopes=()), user_id=cast.alice.pk, at=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


@pytest.fixture
def outsider(cast: Cast) -> APIClient:
    """Signed in for Acme, and removed from it since."""
    person = join(cast.acme, "dora", Role.ADMIN)
    client = bearer(person, cast.acme)
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(user=person).delete()
    return client


@pytest.fixture
def suspended(alice: APIClient, cast: Cast, things: dict[str, str]) -> APIClient:
    """Alice, admin of Acme, which is suspended."""
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    return alice


def let_in(
    client: APIClient,
    things: dict[str, str],
    *,
    refusals: set[int],
    but: set[str] = frozenset(),  # type: ignore[assignment]  # never changed
) -> dict[str, int]:
    """Every deed that was answered with anything but a refusal. Whatever one did is taken back."""
    found = {}
    for endpoint in endpoints():
        if endpoint.route in but:
            continue
        for method in endpoint.methods:
            with transaction.atomic():
                status = answer_to(client, method, endpoint.path(things)).status_code
                transaction.set_rollback(True)
            if status not in refusals:
                found[f"{method} {endpoint.route}"] = status
    return found


def test_t23_a_key_without_scopes_gets_nowhere(bare_key: APIClient, things: dict[str, str]) -> None:
    assert let_in(bare_key, things, refusals={403}, but=FOR_EVERY_KEY) == {}


def test_t23_whoever_was_removed_gets_nowhere(outsider: APIClient, things: dict[str, str]) -> None:
    assert let_in(outsider, things, refusals={403}, but=FOR_EVERY_PERSON) == {}


def test_t23_a_suspended_tenant_gets_nowhere(suspended: APIClient, things: dict[str, str]) -> None:
    assert let_in(suspended, things, refusals={403}, but=FOR_EVERY_PERSON) == {}


def test_t23_a_closed_account_gets_nowhere(alice: APIClient, cast: Cast, things: dict[str, str]) -> None:
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    assert let_in(alice, things, refusals={401}) == {}


@pytest.mark.parametrize(
    "credentials", ["Bearer nonsense", "Bearer sk_test_nonsense", "Basic YTpi", "Bearer"]
)
def test_t23_bad_credentials_get_nowhere(things: dict[str, str], credentials: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=credentials)
    assert let_in(client, things, refusals={401}) == {}


def pages(things: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Route and path of every page that is not open to everybody, with Acme's things in it."""
    for route, _ in page_routes(get_resolver().url_patterns, ""):
        if route.startswith(("api/", "admin/", "dev/")) or route in OPEN_PAGES or "(" in route:
            continue
        path = with_choices(route)
        for name, value in things.items():
            path = path.replace(f"<{name}>", value)
        yield route, "/" + re.sub(r"<uuid:[^>]+>", "0" * 8 + "-0000-4000-8000-" + "0" * 12, path)


def with_choices(route: str) -> str:
    for part, choice in CHOICES.items():
        route = route.replace(part, choice)
    return route


def ask_page(browser: Client, path: str) -> list[Any]:
    """The answers to a GET and to an empty form. Whatever they did is taken back."""
    with transaction.atomic():
        answers = [browser.get(path), browser.post(path, {})]
        transaction.set_rollback(True)
    return [answer for answer in answers if answer.status_code != 405]


def test_t23_every_page_sends_strangers_to_the_login(things: dict[str, str], media: Path) -> None:
    seen = {
        route: (answer.status_code, answer.headers.get("Location", ""))
        for route, path in pages(things)
        for answer in ask_page(Client(), path)
        if not answer.headers.get("Location", "").startswith("/login")
    }
    assert seen == {}


def test_t23_no_page_shows_a_foreigner_anothers_thing(
    cast: Cast, things: dict[str, str], media: Path
) -> None:
    seen = {}
    for route, path in pages(things):
        if "<" not in with_choices(route):
            continue
        for answer in ask_page(browser_of(cast.charlie, cast.globex), path):
            is_asked_to_confirm = answer.headers.get("Location", "").startswith("/account/confirm")
            if answer.status_code not in (403, 404) and not is_asked_to_confirm:
                seen[route] = answer.status_code
    assert seen == {}


def test_t23_no_page_lets_a_suspended_tenant_in(
    suspended: APIClient, cast: Cast, things: dict[str, str], media: Path
) -> None:
    seen = {}
    for route, path in pages(things):
        for answer in ask_page(browser_of(cast.alice, cast.acme), path):
            leads_out = answer.headers.get("Location", "").startswith(("/login", "/workspaces"))
            if route not in ("workspaces", "workspaces/switch", "workspaces/new") and not leads_out:
                seen[route] = answer.status_code
    assert seen == {}
