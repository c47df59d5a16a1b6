"""Mail that came back: the address gets no more, its owner is told, and nobody else learns of it."""

from __future__ import annotations

from collections.abc import Callable
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import outbox, suppression
from accounts.models import OutboxMail, SuppressedAddress, SuppressionReason
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.accounts.conftest import NEWCOMER, ask
from tests.accounts.test_mail import DeafServer
from tests.cast import Cast

pytestmark = pytest.mark.django_db

Delivered = Callable[[], list[EmailMultiAlternatives]]
REQUEST = "/api/auth/magic-link/request"
TROUBLE = "does not arrive"


def suppress(email: str, reason: SuppressionReason = SuppressionReason.BOUNCED) -> None:
    suppression.suppress(email, reason=reason, provider="test", at=clock.now())


def sign_in(browser: Client, email: str) -> None:
    browser.post("/login/link", {"token": ask(email).token})


@pytest.fixture
def lenient() -> Client:
    return Client()


def test_a_suppressed_address_gets_no_mail_and_the_mail_is_emptied(delivered: Delivered) -> None:
    suppress(NEWCOMER)
    ask(NEWCOMER)
    assert delivered() == []
    mail = OutboxMail.objects.get()
    assert (mail.error, bytes(mail.body_sealed), mail.sent_at) == ("suppressed", b"", None)
    assert mail.give_up_at <= clock.now()


def test_others_get_theirs(delivered: Delivered) -> None:
    suppress(NEWCOMER)
    ask("grace@hopper.test")
    assert [letter.to for letter in delivered()] == [["grace@hopper.test"]]


def test_what_is_kept_is_no_address() -> None:
    suppress(NEWCOMER)
    row = SuppressedAddress.objects.get()
    assert "ada" not in row.digest
    assert len(row.digest) == 64


@pytest.mark.parametrize("spelling", ["ADA@Lovelace.test", " ada@lovelace.test "])
def test_spelling_does_not_matter(spelling: str) -> None:
    suppress(spelling)
    assert suppression.reason_for(NEWCOMER) == SuppressionReason.BOUNCED


def test_what_is_no_address_suppresses_nothing() -> None:
    suppress("postmaster")
    assert not SuppressedAddress.objects.exists()


def refusal(code: int) -> SMTPRecipientsRefused:
    return SMTPRecipientsRefused({NEWCOMER: (code, b"no")})


@pytest.mark.fault(41)
def test_a_mailbox_that_the_server_does_not_know_is_suppressed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.DeafServer"
    monkeypatch.setattr(DeafServer, "trouble", refusal(550))
    ask(NEWCOMER)
    outbox.deliver_due()
    assert suppression.reason_for(NEWCOMER) == SuppressionReason.BOUNCED


@pytest.mark.fault(41)
def test_a_server_that_says_later_is_asked_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.DeafServer"
    monkeypatch.setattr(DeafServer, "trouble", refusal(451))
    ask(NEWCOMER)
    outbox.deliver_due()
    assert suppression.reason_for(NEWCOMER) is None
    assert OutboxMail.objects.get().due_at > clock.now()


def test_e1_the_api_answers_the_same(stranger: APIClient, cast: Cast) -> None:
    suppress(cast.alice.email)
    answers = [
        stranger.post(REQUEST, {"email": email}) for email in (cast.alice.email, cast.bob.email, NEWCOMER)
    ]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1


def test_a_strange_browser_is_told_nothing(lenient: Client, cast: Cast) -> None:
    suppress(cast.alice.email)
    page = lenient.post("/login", {"email": cast.alice.email}, follow=True)
    assert TROUBLE not in page.content.decode()


def test_a_browser_it_signed_in_with_before_is_told(
    lenient: Client, cast: Cast, forget_limits: Callable[[], None]
) -> None:
    sign_in(lenient, cast.alice.email)
    lenient.post("/logout")
    suppress(cast.alice.email)
    forget_limits()
    page = lenient.post("/login", {"email": cast.alice.email}, follow=True)
    assert TROUBLE in page.content.decode()
    forget_limits()
    other = lenient.post("/login", {"email": cast.bob.email}, follow=True)
    assert TROUBLE not in other.content.decode()


def test_the_cookie_cannot_be_made_by_hand(lenient: Client, cast: Cast) -> None:
    suppress(cast.alice.email)
    lenient.cookies["known"] = '["' + suppression.digest_of(cast.alice.email) + '"]'
    page = lenient.post("/login", {"email": cast.alice.email}, follow=True)
    assert TROUBLE not in page.content.decode()


def test_it_is_as_safe_as_the_other_cookies(lenient: Client, cast: Cast) -> None:
    sign_in(lenient, cast.alice.email)
    cookie = lenient.cookies["known"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "alice" not in cookie.value


def test_who_is_signed_in_may_resume_mail(alice_browser: Client, cast: Cast, delivered: Delivered) -> None:
    suppress(cast.alice.email, SuppressionReason.COMPLAINED)
    assert TROUBLE in alice_browser.get("/account/security").content.decode()
    answer = alice_browser.post("/account/mail-again", {"next": "/account/security"})
    assert answer["Location"] == "/account/security"
    assert TROUBLE not in alice_browser.get("/account/security").content.decode()
    ask(cast.alice.email)
    assert len(delivered()) == 1
    with tenant_context(cast.acme.pk):
        assert AuditEntry.objects.filter(action="mail.resumed", user_id=cast.alice.pk).exists()


def test_nobody_resumes_anothers(bob_browser: Client, browser: Client, cast: Cast) -> None:
    suppress(cast.alice.email)
    bob_browser.post("/account/mail-again")
    answer: Any = browser.post("/account/mail-again")
    assert answer.status_code in (302, 403)
    assert suppression.reason_for(cast.alice.email) is not None
