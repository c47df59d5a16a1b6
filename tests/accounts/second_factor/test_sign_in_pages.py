"""The second step of signing in, as a browser without JavaScript sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts import magic_links
from accounts.magic_links import Asker
from accounts.models import User
from accounts.second_factor.models import FactorChallenge
from cutroom import clock
from tests.accounts.conftest import ask
from tests.accounts.second_factor.authenticator import SecurityKey
from tests.accounts.second_factor.conftest import Delivered, options_on, words
from tests.cast import AppInHand, Cast

pytestmark = pytest.mark.django_db


def sign_in_as_far_as_the_second_factor(client: Client, user: User) -> Any:
    answer = client.post("/login/link", {"token": ask(user.email).token})
    assert answer.headers["Location"] == "/login/second-factor"
    return client.get("/login/second-factor")


def ask_again(cast: Cast, *, token: bool = False) -> str:
    """A link past the limit of one a minute."""
    link = magic_links.issue(email=cast.alice.email, asker=Asker(), next_path="", at=clock.now())
    return link.token if token else link.code


def test_the_link_leads_to_the_second_step_and_the_code_inside(
    client: Client, cast: Cast, phone: AppInHand
) -> None:
    page = sign_in_as_far_as_the_second_factor(client, cast.alice)
    assert "Code from your authenticator app" in words(page)
    assert client.get("/library").headers["Location"].startswith("/login")
    entered = client.post("/login/second-factor", {"code": phone.code(clock.now())})
    assert entered.headers["Location"] == "/create"
    assert client.get("/library").status_code == 200


def test_the_mailed_code_leads_there_too(client: Client, cast: Cast, phone: AppInHand) -> None:
    client.post("/login", {"email": cast.alice.email})
    browser_session = client.session
    browser_session["asked_email"] = cast.alice.email
    browser_session.save()
    code = ask_again(cast)
    assert client.post("/login/code", {"code": code}).headers["Location"] == "/login/second-factor"


def test_one_goes_where_one_wanted_to_go(client: Client, cast: Cast, phone: AppInHand) -> None:
    token = ask(cast.alice.email, next_path="/usage").token
    client.post("/login/link", {"token": token})
    entered = client.post("/login/second-factor", {"code": phone.code(clock.now())})
    assert entered.headers["Location"] == "/usage"


def test_the_page_session_gets_a_new_key_at_each_step(client: Client, cast: Cast, phone: AppInHand) -> None:
    client.post("/login", {"email": cast.alice.email})
    keys = [client.session.session_key]
    FactorChallenge.objects.all().delete()
    client.post("/login/link", {"token": ask_again(cast, token=True)})
    keys.append(client.session.session_key)
    client.post("/login/second-factor", {"code": phone.code(clock.now())})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3


def test_a_wrong_code_is_said_at_the_field(client: Client, cast: Cast, phone: AppInHand) -> None:
    sign_in_as_far_as_the_second_factor(client, cast.alice)
    page = client.post("/login/second-factor", {"code": "000000"})
    assert page.status_code == 400
    assert "That did not work" in words(page)
    assert 'value="000000"' in page.content.decode()


def test_nothing_typed_is_said_too(client: Client, cast: Cast, phone: AppInHand) -> None:
    sign_in_as_far_as_the_second_factor(client, cast.alice)
    page = client.post("/login/second-factor", {"code": ""})
    assert page.status_code == 400
    assert "Type the six digits" in words(page)


def test_after_five_wrong_codes_one_starts_again_and_the_owner_is_told(
    client: Client, cast: Cast, phone: AppInHand, delivered: Delivered
) -> None:
    sign_in_as_far_as_the_second_factor(client, cast.alice)
    pages = [client.post("/login/second-factor", {"code": "000000"}) for _ in range(5)]
    assert "Start again" in words(pages[-1])
    subjects = [mail.subject for mail in delivered()]
    assert subjects[-1] == "Somebody came as far as your second factor"


def test_a_recovery_code_lets_in_and_the_owner_is_told(
    client: Client, cast: Cast, codes: list[str], delivered: Delivered
) -> None:
    sign_in_as_far_as_the_second_factor(client, cast.alice)
    client.post("/login/second-factor", {"recovery_code": codes[0]})
    assert client.get("/library").status_code == 200
    letter = delivered()[-1]
    assert letter.subject == "A recovery code was used for your account"
    assert "You have 9 left." in letter.body


def test_a_wrong_recovery_code_is_said_at_its_field(client: Client, cast: Cast, codes: list[str]) -> None:
    sign_in_as_far_as_the_second_factor(client, cast.alice)
    page = client.post("/login/second-factor", {"recovery_code": "aaaaa-bbbbb"})
    assert 'id="id_recovery_code_error"' in page.content.decode()
    assert "<details open>" in page.content.decode()


def test_a_passkey_answers_in_a_hidden_field(client: Client, cast: Cast, key: SecurityKey) -> None:
    page = sign_in_as_far_as_the_second_factor(client, cast.bob)
    answer = json.dumps(key.get(options_on(page)))
    assert client.post("/login/second-factor", {"passkey": answer}).headers["Location"] == "/create"


def test_without_the_first_step_there_is_no_second(client: Client) -> None:
    page = client.get("/login/second-factor")
    assert page.status_code == 400
    assert "Start again" in words(page)


def test_a_form_of_another_site_is_refused(browser: Client, cast: Cast) -> None:
    answer = browser.post("/login/second-factor", {"code": "1"}, HTTP_ORIGIN="http://evil.test")
    assert answer.status_code == 403
