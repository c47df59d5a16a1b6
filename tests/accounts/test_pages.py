"""The sign-in pages as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session as BrowserSession
from django.http import HttpResponse
from django.test import Client

from accounts import conf
from accounts.models import LoginRequest, Session
from accounts.page_sessions import HOME, safe_path
from cutroom import clock, sealing
from tests.accounts.conftest import NEWCOMER, ask
from tests.cast import Cast

pytestmark = pytest.mark.django_db


ELSEWHERE = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "https://evil.test",
    "http:///evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    " /create",
    "create",
    "",
]


def submit(browser: Client, page: Any, action: str, **fields: str) -> Any:
    """Send the form of a page as a browser would: with its hidden fields, and Origin."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page.content.decode(), re.S)
    assert form, f"no form posts to {action}"
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form[0])
    return browser.post(action, {**dict(hidden), **fields}, HTTP_ORIGIN="http://testserver")


def ask_on_page(browser: Client, email: str = NEWCOMER, path: str = "/login") -> Any:
    return submit(browser, browser.get(path), "/login", email=email)


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/login").status_code == 302)


def test_m3_from_the_form_to_the_workspace_by_link(browser: Client, delivered: Any) -> None:
    assert ask_on_page(browser).headers["Location"] == "/login/check"
    assert NEWCOMER in browser.get("/login/check").content.decode()
    (letter,) = delivered()
    link = next(word for word in str(letter.body).split() if "/login?token=" in word)
    page = browser.get(link.removeprefix("http://testserver"))
    assert f"as <strong>{NEWCOMER}</strong>" in page.content.decode()
    assert "not from this browser" not in page.content.decode()
    entered = submit(browser, page, "/login/link")
    assert entered.headers["Location"] == HOME
    assert is_signed_in(browser)


def test_m3_another_browser_is_told_who_asked_and_may_still_sign_in(browser: Client) -> None:
    link = ask(NEWCOMER)
    page = browser.get("/login", {"token": link.token})
    words = page.content.decode()
    assert "Sign in here" in words
    assert "from Firefox on Linux, not from this browser" in words
    assert submit(browser, page, "/login/link").status_code == 302
    assert is_signed_in(browser)


def test_m3_the_code_signs_the_asking_browser_in(browser: Client, delivered: Any) -> None:
    ask_on_page(browser)
    code = re.search(r"\d{3}\xa0\d{3}", str(delivered()[0].body))
    assert code
    page = browser.get("/login/check")
    assert submit(browser, page, "/login/code", code=code[0]).headers["Location"] == HOME
    assert is_signed_in(browser)


def test_a_wrong_code_is_said_at_the_field(browser: Client) -> None:
    ask_on_page(browser)
    LoginRequest.objects.update(code_hash="0")
    answer = submit(browser, browser.get("/login/check"), "/login/code", code="123456")
    assert answer.status_code == 400
    assert "This is not the code of the latest mail" in answer.content.decode()


def test_m1_opening_a_link_signs_nobody_in(browser: Client) -> None:
    token = ask(NEWCOMER).token
    for method in (browser.get, browser.head):
        assert method("/login", {"token": token}).status_code == 200
    assert not Session.objects.exists()
    assert not is_signed_in(browser)


@pytest.mark.parametrize("path", ["/login/link", "/login/code", "/logout"])
def test_what_signs_in_or_out_is_a_post(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 405


@pytest.mark.parametrize("path", ["/login", "/login/link", "/login/code", "/logout"])
def test_m11_a_form_of_another_site_is_refused(browser: Client, path: str) -> None:
    token = ask(NEWCOMER).token
    body = {"token": token, "email": NEWCOMER, "code": "123456"}
    assert browser.post(path, body, HTTP_ORIGIN="http://evil.test").status_code == 403
    assert LoginRequest.objects.get().used_at is None


def test_m9_the_confirm_page_tells_nobody_where_it_was(browser: Client) -> None:
    page = browser.get("/login", {"token": ask(NEWCOMER).token})
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"
    assert not re.search(r'(src|href)="(https?:)?//', page.content.decode())
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("change", "heading"),
    [
        ({"used_at": clock.now()}, "This link was already used"),
        ({"expires_at": clock.now() - timedelta(minutes=1)}, "This link is too old"),
        ({"token_hash": "another"}, "This link does not work"),
    ],
)
def test_a_dead_link_says_why_and_offers_a_new_one(
    browser: Client, change: dict[str, Any], heading: str
) -> None:
    token = ask(NEWCOMER).token
    LoginRequest.objects.update(**change)
    page = browser.get("/login", {"token": token})
    words = page.content.decode()
    assert page.status_code == 400
    assert heading in words
    assert "Send a new link" in words
    assert (f'value="{NEWCOMER}"' in words) == ("token_hash" not in change)


def test_a_used_link_opened_again_by_its_user_goes_on(browser: Client) -> None:
    token = ask(NEWCOMER).token
    submit(browser, browser.get("/login", {"token": token}), "/login/link")
    assert browser.get("/login", {"token": token}).headers["Location"] == HOME


def test_over_the_limit_the_page_says_the_seconds(browser: Client) -> None:
    ask_on_page(browser)
    answer = ask_on_page(browser)
    assert answer.status_code == 429
    assert re.search(r"Try again in \d+ s", answer.content.decode())
    assert 0 < int(answer["Retry-After"]) <= 60
    assert f'value="{NEWCOMER}"' in answer.content.decode()


@pytest.mark.parametrize("email", ["", "nonsense", "a@b"])
def test_a_malformed_address_is_said_at_the_field(browser: Client, email: str) -> None:
    answer = ask_on_page(browser, email)
    assert answer.status_code == 400
    assert 'class="err"' in answer.content.decode()


@pytest.mark.parametrize("path", ELSEWHERE)
def test_m8_next_never_leaves_the_site(path: str) -> None:
    assert safe_path(path) == HOME


@pytest.mark.parametrize("path", ["/library", "/renders/1?tab=steps", "/projects/test"])
def test_m8_next_leads_on_inside_it(browser: Client, path: str) -> None:
    ask_on_page(browser, path=f"/login?next={path.replace('?', '%3F')}")
    token = ask_anew(browser)
    entered = submit(browser, browser.get("/login", {"token": token}), "/login/link")
    assert entered.headers["Location"] == path


def ask_anew(browser: Client) -> str:
    """A token for the newest request, whose own went by mail."""
    LoginRequest.objects.update(token_hash=sealing.digest("known"))
    return "known"


def test_a_path_too_long_to_keep_hinders_nobody(browser: Client) -> None:
    answer = browser.get("/login", {"next": "/" + "x" * 500})
    assert submit(browser, answer, "/login", email=NEWCOMER).status_code == 302


def test_signing_in_changes_the_session_key(browser: Client) -> None:
    """Whoever planted a session cookie before gains nothing (session fixation)."""
    ask_on_page(browser)
    planted = browser.cookies[django_settings.SESSION_COOKIE_NAME].value
    submit(browser, browser.get("/login", {"token": ask_anew(browser)}), "/login/link")
    assert browser.cookies[django_settings.SESSION_COOKIE_NAME].value != planted
    assert not BrowserSession.objects.filter(session_key=planted).exists()


def test_c3_signing_in_changes_the_csrf_token(browser: Client) -> None:
    token = ask(NEWCOMER).token
    page = browser.get("/login", {"token": token})
    before = browser.cookies[django_settings.CSRF_COOKIE_NAME].value
    submit(browser, page, "/login/link")
    assert browser.cookies[django_settings.CSRF_COOKIE_NAME].value != before


def test_cookies_are_hidden_from_scripts(browser: Client) -> None:
    ask_on_page(browser)
    for name in (conf.asker_cookie(), django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME):
        assert browser.cookies[name]["httponly"]


def test_logging_out_ends_the_session(alice_browser: Client, cast: Cast) -> None:
    answer: HttpResponse = alice_browser.post("/logout")  # type: ignore[assignment]  # the test client's subclass
    assert answer.headers["Location"] == "/login"
    assert Session.objects.get(user=cast.alice).end_reason == "signed-out"
    assert not is_signed_in(alice_browser)


def test_logging_out_when_nobody_is_signed_in_is_fine(client: Client) -> None:
    assert client.post("/logout").headers["Location"] == "/login"


def test_a_session_ended_elsewhere_is_over_here(alice_browser: Client, cast: Cast) -> None:
    Session.objects.filter(user=cast.alice).update(ended_at=clock.now())
    assert not is_signed_in(alice_browser)
    assert "sid" not in alice_browser.session


def test_an_operator_leaves_the_console_with_the_session(olga_browser: Client, cast: Cast) -> None:
    assert olga_browser.get("/admin/").status_code == 200
    Session.objects.filter(user=cast.olga).update(ended_at=clock.now())
    assert olga_browser.get("/admin/").status_code == 302


def test_nobody_else_enters_the_console(alice_browser: Client) -> None:
    assert alice_browser.get("/admin/").status_code == 302
