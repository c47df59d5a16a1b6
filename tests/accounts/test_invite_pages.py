"""The page of an invitation: inert when opened, one press to join, and a sign-in for the invited address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import workspaces
from accounts.models import Invitation, LoginRequest, Session, User
from tenants.context import tenant_context
from tenants.models import Membership
from tests.accounts.conftest import NEWCOMER
from tests.accounts.invites import INVITES, Delivered, invite, roles_of, token_in
from tests.accounts.test_pages import submit
from tests.cast import Cast, browser_of

pytestmark = pytest.mark.django_db


def page_of(browser: Client, token: str) -> Any:
    return browser.get("/invite", {"token": token})


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


@pytest.fixture
def newcomers_token(alice: APIClient, delivered: Delivered) -> str:
    """Ada, who has no account, is invited to Acme."""
    invite(alice, NEWCOMER)
    return token_in(delivered()[-1])


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_it_changes_nothing(
    browser: Client, charlie_browser: Client, cast: Cast, charlies_token: str, method: str
) -> None:
    """Mail scanners open links, too."""
    for one in (browser, charlie_browser):
        for _ in range(3):
            assert getattr(one, method)("/invite", {"token": charlies_token}).status_code == 200
    with tenant_context(cast.acme.pk):
        assert Invitation.objects.get().accepted_at is None
        assert Membership.objects.count() == 2
    assert not LoginRequest.objects.exists()


def test_the_page_keeps_its_token_to_itself(browser: Client, charlies_token: str) -> None:
    page = page_of(browser, charlies_token)
    assert page["Referrer-Policy"] == "strict-origin"
    assert page["X-Robots-Tag"] == "noindex"
    assert "no-store" in page["Cache-Control"]


def test_signed_in_with_the_address_one_press_joins(cast: Cast, charlies_token: str) -> None:
    browser = browser_of(cast.charlie, cast.globex, enforce_csrf_checks=True)
    page = page_of(browser, charlies_token)
    said = text_of(page)
    assert "Join Acme" in said
    assert "alice@acme.test invites you as creator" in said
    joined = submit(browser, page, "/invite", token=charlies_token)
    assert joined["Location"] == "/create"
    assert roles_of(cast.charlie) == {"globex": "admin", "acme": "creator"}
    assert "You are now a member of Acme." in text_of(browser.get("/team"))
    assert Session.objects.get(user=cast.charlie).tenant_id == cast.acme.pk


def test_a_stranger_signs_in_with_the_invited_address_and_is_there(
    browser: Client, cast: Cast, newcomers_token: str, delivered: Delivered
) -> None:
    """No workspace of their own is founded on the way."""
    asked = submit(browser, page_of(browser, newcomers_token), "/invite/sign-in", token=newcomers_token)
    assert asked["Location"] == "/login/check"
    letter = delivered()[-1]
    assert letter.to == [NEWCOMER]
    [link] = {word for word in str(letter.body).split() if "/login?token=" in word}
    confirm = browser.get(link.removeprefix("http://testserver"))
    entered = submit(browser, confirm, "/login/link")
    assert entered.status_code == 302
    ada = User.objects.get(email=NEWCOMER)
    assert [(each.slug, each.role) for each in workspaces.of(ada.pk)] == [("acme", "creator")]
    assert "Acme" in text_of(browser.get("/team"))


def test_somebody_else_is_told_whose_it_is(charlie_browser: Client, cast: Cast, newcomers_token: str) -> None:
    said = text_of(page_of(charlie_browser, newcomers_token))
    assert f"The invitation is for {NEWCOMER} , and you are signed in as {cast.charlie.email}." in said
    refused = charlie_browser.post("/invite", {"token": newcomers_token})
    assert refused.status_code == 403
    assert "for another address" in text_of(refused)
    assert roles_of(cast.charlie) == {"globex": "admin"}


def test_asking_for_the_sign_in_twice_in_a_row_says_when_to_try_again(
    browser: Client, newcomers_token: str
) -> None:
    page = page_of(browser, newcomers_token)
    submit(browser, page, "/invite/sign-in", token=newcomers_token)
    again = submit(browser, page, "/invite/sign-in", token=newcomers_token)
    assert again.status_code == 429
    assert int(again["Retry-After"]) > 0
    assert "Join Acme" in text_of(again)


def test_a_dead_one_says_why_and_what_to_do(browser: Client, alice: APIClient, charlies_token: str) -> None:
    assert "does not work" in text_of(page_of(browser, "nonsense"))
    [row] = alice.get(INVITES).json()["results"]
    alice.delete(f"{INVITES}/{row['id']}")
    page = page_of(browser, charlies_token)
    assert page.status_code == 400
    assert "was taken back" in text_of(page)
    for path in ("/invite", "/invite/sign-in"):
        assert Client().post(path, {"token": charlies_token}).status_code == 400


def test_a_lost_workspace_does_not_keep_one_from_joining_another(
    charlie_browser: Client, cast: Cast, charlies_token: str
) -> None:
    with tenant_context(cast.globex.pk):
        Membership.objects.filter(user=cast.charlie).delete()
    assert charlie_browser.post("/invite", {"token": charlies_token})["Location"] == "/create"
    assert roles_of(cast.charlie) == {"acme": "creator"}
