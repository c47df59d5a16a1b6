"""Weighty deeds want a recent sign-in; the confirm page gives one, by factor or by mail."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from accounts import recent_sign_in
from accounts.errors import RecentSignInRequired
from accounts.models import LoginRequest, Session, User
from accounts.recent_sign_in import require_recent_sign_in
from accounts.second_factor import challenges
from accounts.second_factor.models import FactorChallenge
from cutroom import clock
from cutroom.errors import PermissionDenied
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.models import AuditEntry, Role
from tests.accounts.second_factor.authenticator import SecurityKey
from tests.accounts.second_factor.conftest import SECURITY, Delivered, options_on, words
from tests.cast import AppInHand, Cast, open_session

pytestmark = pytest.mark.django_db

CONFIRM = "/account/confirm"


def ago(minutes: int) -> datetime:
    return clock.now() - timedelta(minutes=minutes)


def age(user: User, *, minutes: int) -> None:
    """As if the person had signed in that long ago on every device."""
    Session.objects.filter(user=user).update(signed_in_at=ago(minutes))


def signed_in_at(user: User) -> datetime:
    return Session.objects.get(user=user).signed_in_at


def token_on(page: Any) -> str:
    found = re.search(r'name="challenge" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def caller(cast: Cast, **facts: Any) -> Principal:
    session = open_session(cast.bob, cast.acme)
    known = {
        "user_id": cast.bob.pk,
        "tenant_id": cast.acme.pk,
        "role": Role.CREATOR,
        "session_id": session.pk,
    }
    return Principal(**{**known, **facts})


class TestTheService:
    @pytest.mark.parametrize(("minutes", "is_recent"), [(0, True), (9, True), (11, False)])
    def test_by_mail_for_somebody_without_a_factor(self, cast: Cast, minutes: int, is_recent: bool) -> None:
        assert recent_sign_in.is_recent(caller(cast, signed_in_at=ago(minutes))) is is_recent

    @pytest.mark.parametrize(("shown_at", "is_recent"), [(None, False), (ago(11), False), (ago(1), True)])
    def test_by_the_factor_for_somebody_who_has_one(
        self, cast: Cast, shown_at: datetime | None, is_recent: bool
    ) -> None:
        """A fresh link alone does not do: it may be a thief's who reads the mailbox."""
        bob = caller(cast, signed_in_at=ago(0), second_factor_at=shown_at, has_second_factor=True)
        assert recent_sign_in.is_recent(bob) is is_recent

    def test_the_minutes_are_the_callers_choice(self, cast: Cast) -> None:
        bob = caller(cast, signed_in_at=ago(12))
        recent_sign_in.require(bob, minutes=15)
        with pytest.raises(RecentSignInRequired) as refusal:
            recent_sign_in.require(bob)
        assert refusal.value.members == {"url": "http://localhost/account/confirm"}

    def test_an_api_key_never_signed_in(self, cast: Cast) -> None:
        with pytest.raises(PermissionDenied):
            recent_sign_in.require(caller(cast, session_id=None, signed_in_at=ago(0)))

    @pytest.mark.parametrize(
        ("method", "back", "target"),
        [
            ("GET", "", "/export?part=2"),
            ("POST", "", "/export?part=2"),
            ("POST", "accounts-pages:security", SECURITY),
        ],
    )
    def test_a_page_leads_to_the_confirm_page_and_back(
        self, cast: Cast, rf: Any, method: str, back: str, target: str
    ) -> None:
        @require_recent_sign_in(back=back)
        def export(request: HttpRequest) -> HttpResponse:
            return HttpResponse("exported")

        request = rf.generic(method, "/export?part=2")
        request.principal = caller(cast, signed_in_at=ago(30))
        assert export(request)["Location"] == recent_sign_in.confirm_path(target)
        request.principal = caller(cast, signed_in_at=ago(1))
        assert export(request).status_code == 200


@pytest.mark.parametrize("path", ["app", "passkey", "app/remove", "codes"])
def test_changes_of_factors_want_it(alice_browser: Client, cast: Cast, path: str) -> None:
    age(cast.alice, minutes=11)
    for send in (alice_browser.get, alice_browser.post):
        assert send(f"{SECURITY}/{path}").headers["Location"].startswith(CONFIRM)


class TestByFactor:
    def test_a_good_code_confirms_and_leads_on(
        self, alice_browser: Client, cast: Cast, phone: AppInHand
    ) -> None:
        age(cast.alice, minutes=60)
        page = alice_browser.get(CONFIRM, {"next": f"{SECURITY}/app/remove"})
        body = {
            "challenge": token_on(page),
            "code": phone.code(clock.now()),
            "next": f"{SECURITY}/app/remove",
        }
        assert alice_browser.post(CONFIRM, body).headers["Location"] == f"{SECURITY}/app/remove"
        assert alice_browser.get(f"{SECURITY}/app/remove").status_code == 200
        session = Session.objects.get(user=cast.alice)
        assert session.signed_in_at == session.second_factor_at
        with tenant_context(cast.acme.pk):
            entry = AuditEntry.objects.get(action="session.confirmed")
        assert (entry.user_id, entry.detail) == (cast.alice.pk, {"method": "app"})

    def test_so_does_a_passkey(self, bob_browser: Client, cast: Cast, key: SecurityKey) -> None:
        Session.objects.exclude(pk=bob_browser.session["sid"]).delete()
        page = bob_browser.get(CONFIRM)
        answer = json.dumps(key.get(options_on(page)))
        bob_browser.post(CONFIRM, {"challenge": token_on(page), "passkey": answer})
        assert Session.objects.get(user=cast.bob).second_factor_at is not None

    def test_wrong_codes_are_counted_though_the_page_is_refused(
        self, alice_browser: Client, cast: Cast, phone: AppInHand
    ) -> None:
        token = token_on(alice_browser.get(CONFIRM))
        for tries in range(1, 5):
            page = alice_browser.post(CONFIRM, {"challenge": token, "code": "000000"})
            assert (page.status_code, token_on(page)) == (400, token)
            assert FactorChallenge.objects.get().tries == tries

    def test_a_dead_challenge_is_replaced_but_the_limit_of_the_person_holds(
        self, alice_browser: Client, cast: Cast, phone: AppInHand
    ) -> None:
        token, said = token_on(alice_browser.get(CONFIRM)), []
        for _ in range(12):
            page = alice_browser.post(CONFIRM, {"challenge": token, "code": "000000"})
            token = token_on(page)
            said.append(page.status_code)
        assert said == [400] * 10 + [429] * 2

    def test_the_challenge_of_another_session_does_not_do(
        self, alice_browser: Client, cast: Cast, phone: AppInHand
    ) -> None:
        elsewhere = open_session(cast.alice, cast.acme)
        asked = challenges.ask(user=cast.alice, session=elsewhere, at=clock.now())
        body = {"challenge": asked.token, "code": phone.code(clock.now())}
        assert alice_browser.post(CONFIRM, body).status_code == 400

    def test_nor_does_one_on_the_way_to_a_session(
        self, alice_browser: Client, cast: Cast, phone: AppInHand
    ) -> None:
        asked = challenges.ask(user=cast.alice, at=clock.now())
        body = {"challenge": asked.token, "code": phone.code(clock.now())}
        assert alice_browser.post(CONFIRM, body).status_code == 400

    def test_a_mailed_code_does_not_do(self, alice_browser: Client, cast: Cast, phone: AppInHand) -> None:
        alice_browser.post(f"{CONFIRM}/mail")
        assert LoginRequest.objects.get().email == cast.alice.email
        page = alice_browser.get(CONFIRM, {"sent": 1})
        assert "Code from your authenticator app" in words(page)


class TestByMail:
    def mailed_code(self, browser: Client, delivered: Delivered, *, path: str = "/usage") -> str:
        sent = browser.post(f"{CONFIRM}/mail", {"next": path})
        assert sent.headers["Location"] == f"{recent_sign_in.confirm_path(path)}&sent=1"
        code = re.search(r"\d{3}\xa0\d{3}", str(delivered()[-1].body))
        assert code
        return code[0]

    def test_the_code_confirms_and_leads_on(
        self, bob_browser: Client, cast: Cast, delivered: Delivered
    ) -> None:
        age(cast.bob, minutes=60)
        assert "Mail me a code" in words(bob_browser.get(CONFIRM))
        code = self.mailed_code(bob_browser, delivered)
        answer = bob_browser.post(CONFIRM, {"code": code, "next": "/usage"})
        assert answer.headers["Location"] == "/usage"
        assert signed_in_at(cast.bob) > ago(1)
        assert Session.objects.get(user=cast.bob).second_factor_at is None

    def test_a_wrong_code_is_said_and_stays_counted(
        self, bob_browser: Client, cast: Cast, delivered: Delivered
    ) -> None:
        age(cast.bob, minutes=60)
        code = self.mailed_code(bob_browser, delivered).replace("\xa0", "")
        page = bob_browser.post(CONFIRM, {"code": f"{(int(code) + 1) % 1_000_000:06d}"})
        assert page.status_code == 400
        assert "not the code of the latest mail" in words(page)
        assert LoginRequest.objects.get().code_tries == 1
        assert signed_in_at(cast.bob) < ago(59)

    def test_a_second_mail_within_the_minute_is_not_sent(
        self, bob_browser: Client, delivered: Delivered
    ) -> None:
        for _ in range(2):
            bob_browser.post(f"{CONFIRM}/mail")
        assert len(delivered()) == 1
        assert "We mailed you a moment ago" in words(bob_browser.get(CONFIRM))


@pytest.mark.parametrize("path", ["//evil.test", "https://evil.test", "/\\evil.test", ""])
def test_it_never_leads_elsewhere(alice_browser: Client, cast: Cast, phone: AppInHand, path: str) -> None:
    token = token_on(alice_browser.get(CONFIRM, {"next": path}))
    answer = alice_browser.post(CONFIRM, {"challenge": token, "code": phone.code(clock.now()), "next": path})
    assert answer.headers["Location"] == "/create"


def test_a_stranger_signs_in_instead(client: Client) -> None:
    assert client.get(CONFIRM).headers["Location"].startswith("/login?next=")
    assert client.post(f"{CONFIRM}/mail").headers["Location"].startswith("/login?next=")
