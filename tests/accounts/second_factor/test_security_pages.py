"""Adding and removing second factors at /account/security, without JavaScript."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Session
from accounts.second_factor import challenges, recovery_codes, totp
from accounts.second_factor.models import AuthenticatorApp, Passkey, RecoveryCode
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.accounts.second_factor.authenticator import SecurityKey
from tests.accounts.second_factor.conftest import SECURITY, Delivered, give_passkey, options_on, prove, words
from tests.cast import AppInHand, Cast, give_app

pytestmark = pytest.mark.django_db


def field(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no field {name}"
    return found[1]


def actions(cast: Cast) -> list[str]:
    with tenant_context(cast.acme.pk):
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


class TestAnApp:
    def connect(self, browser: Client) -> Any:
        page = browser.get(f"{SECURITY}/app")
        secret = re.search(r'<code id="secret">([^<]*)', page.content.decode())
        assert secret
        phone = AppInHand(secret[1].replace(" ", ""))
        return browser.post(f"{SECURITY}/app", {"code": phone.code(clock.now())})

    def test_a_good_code_connects_it_and_shows_the_recovery_codes_once(
        self, alice_browser: Client, cast: Cast, delivered: Delivered
    ) -> None:
        page = self.connect(alice_browser)
        shown = re.findall(r"<li><code>([^<]*)</code></li>", page.content.decode())
        assert len(shown) == 10
        assert "no-store" in page["Cache-Control"]
        assert recovery_codes.use(user_id=cast.alice.pk, code=shown[0], at=clock.now())
        assert not any(code in alice_browser.get(SECURITY).content.decode() for code in shown)
        assert actions(cast)[-1] == "second-factor.added"
        letter = delivered()[-1]
        assert (letter.subject, letter.to) == (
            "An authenticator app was added to your account",
            [cast.alice.email],
        )

    def test_the_codes_can_be_kept_as_a_file(self, alice_browser: Client) -> None:
        page = self.connect(alice_browser).content.decode()
        file = re.search(r'href="(data:text/plain;charset=utf-8,[^"]*)" download="([^"]*)"', page)
        assert file
        assert file[2] == "cutroom-recovery-codes.txt"
        shown = re.findall(r"<li><code>([^<]*)</code></li>", page)
        assert unquote(unescape(file[1])).split("\n")[2:12] == shown

    def test_the_session_that_connected_it_has_shown_it(self, alice_browser: Client, cast: Cast) -> None:
        self.connect(alice_browser)
        assert Session.objects.get(user=cast.alice).second_factor_at is not None

    def test_a_wrong_code_connects_nothing(self, alice_browser: Client, cast: Cast) -> None:
        secret = totp.begin(user_id=cast.alice.pk, email=cast.alice.email, at=clock.now()).secret
        page = alice_browser.post(f"{SECURITY}/app", {"code": "000000"})
        assert page.status_code == 400
        assert secret[:4] in page.content.decode(), "The picture stays the same."
        assert totp.app_of(cast.alice.pk) is None

    def test_a_second_app_is_refused(self, alice_browser: Client, cast: Cast, phone: AppInHand) -> None:
        prove(cast.alice)
        assert alice_browser.get(f"{SECURITY}/app").status_code == 409

    def test_it_can_be_removed_with_its_recovery_codes(
        self, alice_browser: Client, cast: Cast, codes: list[str], delivered: Delivered
    ) -> None:
        prove(cast.alice)
        assert "your last second factor" in words(alice_browser.get(f"{SECURITY}/app/remove"))
        assert totp.app_of(cast.alice.pk), "Looking removes nothing."
        alice_browser.post(f"{SECURITY}/app/remove")
        assert not AuthenticatorApp.objects.exists()
        assert not RecoveryCode.objects.exists()
        assert actions(cast)[-1] == "second-factor.removed"
        assert delivered()[-1].subject == "The authenticator app was removed from your account"

    def test_recovery_codes_stay_while_another_factor_does(
        self, alice_browser: Client, cast: Cast, codes: list[str]
    ) -> None:
        give_passkey(cast.alice, cast.acme)
        prove(cast.alice)
        alice_browser.post(f"{SECURITY}/app/remove")
        assert recovery_codes.left(cast.alice.pk) == 10

    def test_what_is_not_there_cannot_be_removed(self, alice_browser: Client) -> None:
        assert alice_browser.get(f"{SECURITY}/app/remove").status_code == 404
        assert alice_browser.post(f"{SECURITY}/app/remove").status_code == 404


class TestAPasskey:
    def add(self, browser: Client, *, name: str = "Blue key") -> Any:
        page = browser.get(f"{SECURITY}/passkey")
        answer = SecurityKey().create(options_on(page))
        body = {"challenge": field(page, "challenge"), "name": name, "passkey": json.dumps(answer)}
        return browser.post(f"{SECURITY}/passkey", body)

    def test_it_is_kept_under_its_name(self, bob_browser: Client, cast: Cast, delivered: Delivered) -> None:
        page = self.add(bob_browser)
        assert len(re.findall(r"<li><code>", page.content.decode())) == 10
        listed = words(bob_browser.get(SECURITY))
        assert "Blue key" in listed
        assert "never" in listed
        assert "“Blue key”" in delivered()[-1].body
        assert actions(cast)[-1] == "second-factor.added"

    def test_a_name_with_markup_is_text(self, bob_browser: Client) -> None:
        self.add(bob_browser, name="<script>alert(1)</script>")
        assert "<script>alert" not in bob_browser.get(SECURITY).content.decode()

    def test_the_second_one_brings_no_new_recovery_codes(self, bob_browser: Client, cast: Cast) -> None:
        self.add(bob_browser)
        before = set(RecoveryCode.objects.values_list("digest", flat=True))
        assert self.add(bob_browser, name="Green key").headers["Location"] == SECURITY
        assert set(RecoveryCode.objects.values_list("digest", flat=True)) == before

    @pytest.mark.parametrize("answer", ["", "{}", "nonsense"])
    def test_an_unusable_answer_is_said_and_the_name_stays(self, bob_browser: Client, answer: str) -> None:
        page = bob_browser.get(f"{SECURITY}/passkey")
        body = {"challenge": field(page, "challenge"), "name": "Blue key", "passkey": answer}
        refused = bob_browser.post(f"{SECURITY}/passkey", body)
        assert refused.status_code == 400
        assert "Blue key" in refused.content.decode()
        again = {**body, "challenge": field(refused, "challenge")}
        again["passkey"] = json.dumps(SecurityKey().create(options_on(refused)))
        assert bob_browser.post(f"{SECURITY}/passkey", again).status_code == 200

    def test_a_challenge_of_another_session_makes_none(
        self, bob_browser: Client, alice_browser: Client
    ) -> None:
        page = alice_browser.get(f"{SECURITY}/passkey")
        answer = json.dumps(SecurityKey().create(options_on(page)))
        body = {"challenge": field(page, "challenge"), "name": "x", "passkey": answer}
        assert bob_browser.post(f"{SECURITY}/passkey", body).status_code == 400
        assert not Passkey.objects.exists()

    def test_it_can_be_removed(
        self, bob_browser: Client, cast: Cast, key: SecurityKey, delivered: Delivered
    ) -> None:
        prove(cast.bob)
        path = f"{SECURITY}/passkey/{Passkey.objects.get().pk}/remove"
        assert "Key ring" in words(bob_browser.get(path))
        bob_browser.post(path)
        assert not Passkey.objects.exists()
        assert delivered()[-1].subject == "A passkey was removed from your account"

    def test_nobody_removes_another_persons(
        self, alice_browser: Client, cast: Cast, key: SecurityKey
    ) -> None:
        path = f"{SECURITY}/passkey/{Passkey.objects.get().pk}/remove"
        assert alice_browser.get(path).status_code == alice_browser.post(path).status_code == 404
        assert Passkey.objects.exists()

    def test_a_site_without_a_host_name_says_so(self, bob_browser: Client, settings: Settings) -> None:
        settings.SITE_URL = "http://127.0.0.1:8000"
        assert "browsers want a host name" in words(bob_browser.get(SECURITY))
        assert bob_browser.get(f"{SECURITY}/passkey").status_code == 409


class TestRecoveryCodes:
    def test_new_ones_end_the_old_ones(
        self, alice_browser: Client, cast: Cast, codes: list[str], delivered: Delivered
    ) -> None:
        prove(cast.alice)
        assert "The 10 that are left" in words(alice_browser.get(f"{SECURITY}/codes"))
        page = alice_browser.post(f"{SECURITY}/codes")
        assert len(re.findall(r"<li><code>", page.content.decode())) == 10
        assert not recovery_codes.use(user_id=cast.alice.pk, code=codes[0], at=clock.now())
        assert actions(cast)[-1] == "second-factor.codes-made"
        assert delivered()[-1].subject == "You have new recovery codes"

    def test_somebody_without_a_factor_needs_none(self, alice_browser: Client) -> None:
        assert alice_browser.get(f"{SECURITY}/codes").status_code == 404
        assert alice_browser.post(f"{SECURITY}/codes").status_code == 404

    def test_few_left_are_said(self, alice_browser: Client, cast: Cast, codes: list[str]) -> None:
        RecoveryCode.objects.filter(pk__in=RecoveryCode.objects.values("pk")[:8]).delete()
        assert "2 recovery codes left." in words(alice_browser.get(SECURITY))


def test_other_devices_can_be_signed_out(alice_browser: Client, cast: Cast) -> None:
    give_passkey(cast.alice, cast.acme)
    assert "1 other device signed in" in words(alice_browser.get(SECURITY))
    alice_browser.post(f"{SECURITY}/devices")
    assert alice_browser.get(SECURITY).status_code == 200
    assert Session.objects.get(user=cast.alice, ended_at=None)


def test_an_app_of_yesterday_says_when_it_was_used(alice_browser: Client, cast: Cast) -> None:
    give_app(cast.alice)
    AuthenticatorApp.objects.update(last_used_at=clock.now() - timedelta(days=1))
    assert "last used" in words(alice_browser.get(SECURITY))


def test_a_challenge_for_a_deed_opens_no_session(client: Client, cast: Cast, phone: AppInHand) -> None:
    session = Session.objects.create(
        user=cast.alice,
        tenant_id=cast.acme.pk,
        created_at=clock.now(),
        seen_at=clock.now(),
        signed_in_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
    )
    asked = challenges.ask(user=cast.alice, session=session, at=clock.now())
    body = {"challenge": asked.token, "code": phone.code(clock.now())}
    answer = client.post("/api/auth/second-factor", body, content_type="application/json")
    assert answer.json()["code"] == "challenge-over"
