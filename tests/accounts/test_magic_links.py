"""Links and codes at the API: who may use them, how often, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import addresses, magic_links, services
from accounts.errors import LinkExpired, LinkInvalid, LinkUsed
from accounts.models import LoginRequest, OutboxMail, User
from cutroom import clock, sealing
from cutroom.errors import InvalidInput
from tests.accounts.conftest import ASKER, NEWCOMER, ask

pytestmark = pytest.mark.django_db

REQUEST = "/api/auth/magic-link/request"
VERIFY = "/api/auth/magic-link/verify"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_asking_answers_success_and_no_more(stranger: APIClient) -> None:
    answer = stranger.post(REQUEST, {"email": NEWCOMER})
    assert answer.status_code == 200
    assert answer.json() == {"success": True}


def test_m10_the_link_is_shown_in_debug_with_the_setting(stranger: APIClient, settings: Settings) -> None:
    settings.DEBUG = True
    link = stranger.post(REQUEST, {"email": NEWCOMER}).json()["magic_link"]
    assert link.startswith("http://testserver/login?token=")


@pytest.mark.parametrize(("debug", "wish"), [(True, False), (False, True), (False, False)])
def test_m10_one_switch_alone_shows_nothing(
    stranger: APIClient, settings: Settings, debug: bool, wish: bool
) -> None:
    settings.DEBUG, settings.ACCOUNTS_SHOW_MAGIC_LINK = debug, wish
    assert stranger.post(REQUEST, {"email": NEWCOMER}).json() == {"success": True}


@pytest.mark.fault(40)
def test_m1_looking_at_a_link_does_not_use_it_up(stranger: APIClient) -> None:
    token = ask(NEWCOMER).token
    for _ in range(50):
        assert stranger.get(VERIFY, {"token": token}).status_code == 405
        assert stranger.get("/login", {"token": token}).status_code == 200
        assert stranger.head("/login", {"token": token}).status_code == 200
    assert stranger.post(VERIFY, {"token": token}).status_code == 200


@pytest.mark.fault(31)
def test_m5_a_link_lives_for_ten_minutes_by_our_clock() -> None:
    token, at = ask(NEWCOMER).token, clock.now()
    magic_links.look_at(token, at=at + timedelta(minutes=9, seconds=59))
    with pytest.raises(LinkExpired):
        services.verify_token(token=token, asker=ASKER, at=at + timedelta(minutes=10, seconds=1))


@pytest.mark.fault(31)
def test_m5_a_link_from_the_future_is_refused() -> None:
    token = ask(NEWCOMER).token
    LoginRequest.objects.update(created_at=clock.now() + timedelta(days=30))
    with pytest.raises(LinkInvalid):
        services.verify_token(token=token, asker=ASKER, at=clock.now())


def test_m6_the_database_holds_no_usable_link() -> None:
    link = ask(NEWCOMER)
    row, mail = LoginRequest.objects.get(), OutboxMail.objects.get()
    stored = repr((list(vars(row).values()), list(vars(mail).values())))
    assert row.token_hash == sealing.digest(link.token)
    assert link.token not in stored
    assert link.code not in stored
    assert len(link.token) * 6 >= 128


def test_m7_a_newer_link_ends_the_older_one(stranger: APIClient) -> None:
    older = magic_links.issue(email=NEWCOMER, asker=ASKER, next_path="", at=clock.now())
    newer = magic_links.issue(email=NEWCOMER, asker=ASKER, next_path="", at=clock.now())
    assert stranger.post(VERIFY, {"token": older.token}).json()["code"] == "link-used"
    assert stranger.post(VERIFY, {"token": newer.token}).status_code == 200


def test_a_link_works_once(stranger: APIClient) -> None:
    token = ask(NEWCOMER).token
    assert stranger.post(VERIFY, {"token": token}).status_code == 200
    again = stranger.post(VERIFY, {"token": token})
    assert (again.status_code, again.json()["code"]) == (400, "link-used")


def test_the_code_of_the_same_mail_works_once_too(stranger: APIClient) -> None:
    link = ask(NEWCOMER)
    by_code = {"email": NEWCOMER, "code": link.spaced_code}
    assert stranger.post(VERIFY, by_code).status_code == 200
    assert stranger.post(VERIFY, by_code).json()["code"] == "link-used"
    assert stranger.post(VERIFY, {"token": link.token}).json()["code"] == "link-used"


def test_an_expired_link_says_so(stranger: APIClient) -> None:
    token = ask(NEWCOMER).token
    LoginRequest.objects.update(expires_at=clock.now())
    answer = stranger.post(VERIFY, {"token": token})
    assert (answer.status_code, answer.json()["code"]) == (400, "link-expired")


@pytest.mark.parametrize("token", ["nonsense", "a" * 200, "é", "\x00"])
def test_an_unknown_token_is_invalid(stranger: APIClient, token: str) -> None:
    answer = stranger.post(VERIFY, {"token": token})
    assert answer.status_code == 400
    assert answer.json()["code"] in {"link-invalid", "invalid-input"}


@pytest.mark.parametrize(
    "body", [{}, {"email": NEWCOMER}, {"code": "123456"}, {"token": ""}, {"token": None}]
)
def test_half_a_request_to_verify_is_refused(stranger: APIClient, body: dict[str, str]) -> None:
    answer = stranger.post(VERIFY, body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_m12_the_fifth_wrong_code_ends_the_code_but_not_the_link() -> None:
    link = ask(NEWCOMER)
    for _ in range(5):
        with pytest.raises(LinkInvalid):
            services.verify_code(email=NEWCOMER, code=wrong(link.code), asker=ASKER, at=clock.now())
    with pytest.raises(LinkUsed):
        services.verify_code(email=NEWCOMER, code=link.code, asker=ASKER, at=clock.now())
    # Whoever guesses must not lock the owner of the mail out (R6).
    services.verify_token(token=link.token, asker=ASKER, at=clock.now())


def test_m12_a_code_belongs_to_its_address() -> None:
    code = ask(NEWCOMER).code
    ask("mary@shelley.test")
    with pytest.raises(LinkInvalid):
        services.verify_code(email="mary@shelley.test", code=wrong(code), asker=ASKER, at=clock.now())
    with pytest.raises(LinkInvalid):
        services.verify_code(email="nobody@shelley.test", code=code, asker=ASKER, at=clock.now())


@pytest.mark.parametrize(
    "given", ["ada", "ada@", "@x.test", "a b@x.test", "ada@x..test", "ada@x.test\nBcc: e@x.test"]
)
def test_a_malformed_address_is_a_field_error(stranger: APIClient, given: str) -> None:
    answer = stranger.post(REQUEST, {"email": given})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["email"]


@pytest.mark.parametrize("spelling", ["ADA@Lovelace.test", " ada@lovelace.test ", "ａｄａ@lovelace.test"])
def test_m14_one_mailbox_is_one_account(spelling: str) -> None:
    for email in (NEWCOMER, spelling):
        link = magic_links.issue(
            email=addresses.normalise_email(email), asker=ASKER, next_path="", at=clock.now()
        )
        services.verify_token(token=link.token, asker=ASKER, at=clock.now())
    assert [user.email for user in User.objects.all()] == [NEWCOMER]


def test_m14_a_look_alike_domain_is_another_account() -> None:
    assert addresses.normalise_email("ada@lovelаce.test") != NEWCOMER  # the а is Cyrillic
    with pytest.raises(InvalidInput):
        addresses.normalise_email("ada@" + "x" * 70 + ".test")


def test_m8_the_link_points_where_we_are_configured_not_where_the_host_header_says(
    stranger: APIClient, settings: Settings
) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["*"]
    answer = stranger.post(REQUEST, {"email": NEWCOMER}, HTTP_HOST="evil.test")
    assert answer.json()["magic_link"].startswith("http://testserver/")


def test_m11_a_form_of_another_site_cannot_sign_a_browser_in(stranger: APIClient) -> None:
    token = ask(NEWCOMER).token
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        answer = stranger.generic("POST", VERIFY, f'{{"token": "{token}"}}', content_type=content_type)
        assert answer.status_code == 415
        assert answer.cookies == {}
