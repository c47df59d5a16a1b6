"""API keys on the account page: made to measure, replaced and revoked, with or without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import keyring
from accounts.models import ApiKey, Session
from cutroom import clock
from tenants.context import tenant_context
from tests.accounts.test_api_keys import me
from tests.cast import Cast, browser_of

NEW = "/account/keys/new"
WISH = {
    "name": "Build server",
    "scopes": ["videos:read", "usage:read"],
    "networks": "203.0.113.9/24\n 2001:db8::1, 203.0.113.0/24",
    "requests_a_minute": "60",
    "ends_on": "",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(cast: Cast, media: Path) -> Client:
    """Alice at the pages, signed in just now."""
    return browser_of(cast.alice, cast.acme)


def made(page: Client, **wish: Any) -> str:
    """A key that the form made."""
    answer = page.post(NEW, WISH | wish)
    assert answer.status_code == 200, answer.content.decode()
    return shown(answer)


def shown(answer: Any) -> str:
    """The key on a page that shows it, which no cache may keep."""
    assert "no-store" in answer["Cache-Control"]
    (plain,) = re.findall(r"sk_test_\w{20,}", answer.content.decode())
    return str(plain)


def only_key(cast: Cast) -> ApiKey:
    with tenant_context(cast.acme.pk):
        return keyring.listed().get()


def refused(page: Client, **wish: Any) -> str:
    """The page that refused a wish."""
    answer = page.post(NEW, WISH | wish)
    assert answer.status_code == 400
    return answer.content.decode()


def test_a_key_is_made_as_it_was_asked_for(page: Client, cast: Cast) -> None:
    day = (clock.now().astimezone(UTC) + timedelta(days=30)).date()
    plain = made(page, ends_on=day.isoformat())
    key = only_key(cast)
    assert (key.name, key.scopes, key.requests_a_minute) == (
        "Build server",
        ["usage:read", "videos:read"],
        60,
    )
    assert key.networks == ["203.0.113.0/24", "2001:db8::1/128"]
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    assert (key.expires_at, key.created_by) == (midnight, cast.alice.pk)
    text = page.get("/account").content.decode()
    assert plain not in text
    assert all(each in text for each in ("Build server", "usage:read, videos:read", "60 requests a minute"))


def test_what_the_form_promises_holds_at_the_api(page: Client) -> None:
    client: Any = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made(page)}")
    here, elsewhere = ({"REMOTE_ADDR": address} for address in ("203.0.113.77", "198.51.100.1"))
    assert client.get("/api/v1/usage", **here).status_code == 200
    assert client.get("/api/v1/usage", **elsewhere).json()["code"] == "foreign-network"
    assert client.post("/api/v1/projects", {"title": "Mill"}, **here).json()["code"] == "insufficient-scope"


def test_empty_fields_limit_nothing_but_the_scopes(page: Client, cast: Cast) -> None:
    made(page, name="", networks="", requests_a_minute="")
    key = only_key(cast)
    assert (key.name, key.networks, key.requests_a_minute, key.expires_at) == ("", [], None, None)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("scopes", [], "Tick at least one thing that the key may do."),
        ("scopes", ["everything"], "everything is not one of the available choices"),
        ("networks", "203.0.113.0/24 the-office", "These are no addresses or networks: the-office."),
        ("networks", "\n".join(f"192.0.2.{n}" for n in range(21)), "21 networks; 20 are possible."),
        ("requests_a_minute", "0", "Write a whole number from 1 to 100000."),
        ("requests_a_minute", "many", "Write a whole number from 1 to 100000."),
        ("ends_on", "31.3.2099", "Write the day like 2027-03-31."),
        ("ends_on", "2020-01-01", "Choose a day from today to"),
        ("ends_on", "9999-12-31", "Choose a day from today to"),
        ("name", "x" * 81, "at most 80 characters"),
        ("name", "Build\u202eserver", "characters that cannot be seen"),
    ],
)
def test_a_wish_that_cannot_be_met_says_why_and_keeps_what_was_typed(
    page: Client, cast: Cast, field: str, value: Any, sentence: str
) -> None:
    text = refused(page, **{field: value})
    assert sentence in text
    typed = {name: kept for name, kept in (WISH | {field: value}).items() if name != "scopes"}
    assert all(str(kept) in text for kept in typed.values())
    assert len(re.findall(r"<input[^>]* checked", text)) == (2 if field != "scopes" else 0)
    with tenant_context(cast.acme.pk):
        assert not keyring.listed().exists()


def test_an_older_sign_in_is_confirmed_before_anybody_types(page: Client) -> None:
    Session.objects.update(signed_in_at=clock.now() - timedelta(minutes=16))
    assert page.get(NEW)["Location"] == f"/account/confirm?next={NEW.replace('/', '%2F')}"


def test_one_that_grew_old_meanwhile_loses_nothing(page: Client, cast: Cast) -> None:
    assert page.get(NEW).status_code == 200
    Session.objects.update(signed_in_at=clock.now() - timedelta(minutes=16))
    answer = page.post(NEW, WISH)
    assert answer.status_code == 403
    assert "Confirm in another tab" in answer.content.decode()
    assert "Build server" in answer.content.decode()
    Session.objects.update(signed_in_at=clock.now())
    assert me(made(page, networks="")) == 200


def test_too_many_keys_are_refused_with_what_was_typed(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MOST_KEYS", 1)
    made(page)
    answer = page.post(NEW, WISH)
    assert answer.status_code == 409
    assert "Revoke one first." in answer.content.decode()
    assert "Build server" in answer.content.decode()


def test_a_key_is_replaced_by_its_like_with_a_grace(page: Client, cast: Cast) -> None:
    old, old_key = made(page, networks=""), only_key(cast)
    new = shown(page.post(f"/account/keys/{old_key.pk}/replace", {"grace_hours": "1"}))
    assert [me(old), me(new)] == [200, 200]
    with tenant_context(cast.acme.pk):
        like, ending = keyring.listed()
        assert (like.name, like.scopes, like.expires_at) == (old_key.name, old_key.scopes, None)
        assert ending.expires_at is not None


def test_a_grace_that_nobody_offered_replaces_nothing(page: Client, cast: Cast) -> None:
    made(page)
    answer = page.post(f"/account/keys/{only_key(cast).pk}/replace", {"grace_hours": "9999"})
    assert answer.status_code == 400
    assert "9999 is not one of the available choices" in answer.content.decode()
    assert only_key(cast).expires_at is None


def test_a_key_is_revoked_by_its_last_four_characters(page: Client, cast: Cast) -> None:
    plain, key = made(page, networks=""), only_key(cast)
    about = page.get(f"/account/keys/{key.pk}").content.decode()
    assert all(each in about for each in ("Build server", "usage:read, videos:read", "anywhere", "60"))
    refusal = page.post(f"/account/keys/{key.pk}/revoke", {"last4": "none"})
    assert refusal.status_code == 400
    assert f"This key ends in {key.last_four}. It still works." in refusal.content.decode()
    assert 'value="none"' in refusal.content.decode()
    assert me(plain) == 200
    page.post(f"/account/keys/{key.pk}/revoke", {"last4": key.last_four})
    assert "No key yet." in page.get("/account").content.decode()
    assert me(plain) == 401


def test_creators_and_other_tenants_reach_no_key(page: Client, cast: Cast, media: Path) -> None:
    plain, key = made(page, networks=""), only_key(cast)
    creator, charlie = browser_of(cast.bob, cast.acme), browser_of(cast.charlie, cast.globex)
    assert "API keys" not in creator.get("/account").content.decode()
    deeds = {f"/account/keys/{key.pk}/replace": {}, f"/account/keys/{key.pk}/revoke": {}, NEW: WISH}
    assert {creator.post(path, body).status_code for path, body in deeds.items()} == {403}
    given = {"grace_hours": "0", "last4": key.last_four}
    assert charlie.get(f"/account/keys/{key.pk}").status_code == 404
    assert creator.get(f"/account/keys/{key.pk}").status_code == 403
    assert {charlie.post(path, given).status_code for path in list(deeds)[:2]} == {404}
    assert me(plain) == 200
