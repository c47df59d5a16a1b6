"""The outbox: mail leaves once, is tried again while it makes sense, and keeps its secrets."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import outbox
from accounts.models import OutboxMail
from cutroom import clock
from tests.accounts.conftest import ASKER, NEWCOMER, ask
from tests.threads import at_once

pytestmark = pytest.mark.django_db

Delivered = Callable[[], list[EmailMultiAlternatives]]


class DeafServer(EmailBackend):
    """A mail server that answers nothing."""

    def send_messages(self, messages: Any) -> int:
        raise self.trouble

    trouble: Exception = ConnectionRefusedError("no answer")


class ErasingServer(EmailBackend):
    """A mail server during whose answer the recipient is erased, and the mail with them."""

    def send_messages(self, messages: Any) -> int:
        OutboxMail.objects.all().delete()
        if self.trouble is not None:
            raise self.trouble
        return super().send_messages(messages)

    trouble: Exception | None = None


@pytest.fixture
def deaf(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.DeafServer"


def test_m15_the_mail_says_when_from_where_and_what_to_do(delivered: Delivered) -> None:
    link = ask(NEWCOMER)
    (letter,) = delivered()
    html = str(letter.alternatives[0][0])
    for words in (str(letter.body), html):
        for said in (
            link.url,
            link.spaced_code,
            "Firefox on Linux",
            ASKER.ip or "",
            "UTC",
            "10 minutes",
            "Not you?",
        ):
            assert said in words
    assert (letter.to, letter.subject) == ([NEWCOMER], "Your link to Cutroom")
    assert letter.from_email == "Cutroom <login@cutroom.test>"
    assert letter.extra_headers["List-Id"] == "Cutroom magic link <magic-link.testserver>"
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_what_the_asker_sends_as_device_cannot_write_html(delivered: Delivered, client: Client) -> None:
    agent = "<script>alert(1)</script>"
    client.post(
        "/api/auth/magic-link/request",
        {"email": NEWCOMER},
        headers={"user-agent": agent},
        content_type="application/json",
    )
    (letter,) = delivered()
    assert "<script" not in str(letter.alternatives[0][0])
    assert "<script" not in str(letter.body)


def test_a_mail_leaves_once(delivered: Delivered) -> None:
    ask(NEWCOMER)
    assert len(delivered()) == len(delivered()) == 1


def test_it_is_rung_for_when_the_request_commits(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("cutroom.dispatch.ring", lambda name, **_: rung.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        ask(NEWCOMER)
    assert rung == ["accounts.deliver_mail"]


@pytest.mark.committed
def test_eight_workers_send_each_mail_once() -> None:
    for number in range(20):
        ask(f"ada{number}@lovelace.test")
    assert sum(at_once(lambda _: outbox.deliver_due(), count=8)) == 20
    assert len({letter.to[0] for letter in mail.outbox}) == len(mail.outbox) == 20


@pytest.mark.fault(41)
@pytest.mark.usefixtures("deaf")
@pytest.mark.parametrize("trouble", [ConnectionRefusedError("no"), RuntimeError("a library's own error")])
def test_m16_a_deaf_server_costs_nobody_an_error(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    monkeypatch.setattr(DeafServer, "trouble", trouble)
    ask(NEWCOMER)
    assert outbox.deliver_due() == 0
    row = OutboxMail.objects.get()
    assert (row.sent_at, row.tries, row.error) == (None, 1, type(trouble).__name__)
    assert row.due_at > clock.now()


@pytest.mark.parametrize("trouble", [None, ConnectionRefusedError("no")])
def test_a_mail_that_was_erased_on_its_way_stays_erased(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, trouble: Exception | None
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.ErasingServer"
    monkeypatch.setattr(ErasingServer, "trouble", trouble)
    ask(NEWCOMER)
    outbox.deliver_due()
    assert not OutboxMail.objects.exists()


@pytest.mark.fault(41)
def test_m16_it_is_tried_again_later(settings: Settings, delivered: Delivered) -> None:
    good = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.accounts.test_mail.DeafServer"
    ask(NEWCOMER)
    outbox.deliver_due()
    settings.EMAIL_BACKEND = good
    assert delivered() == []
    OutboxMail.objects.update(due_at=clock.now())
    assert len(delivered()) == 1


def test_m16_a_link_that_has_expired_is_not_sent_any_more(delivered: Delivered) -> None:
    ask(NEWCOMER)
    OutboxMail.objects.update(give_up_at=clock.now())
    assert delivered() == []


def test_a_worker_that_dies_while_sending_leaves_the_mail_for_the_next(
    monkeypatch: pytest.MonkeyPatch, delivered: Delivered
) -> None:
    ask(NEWCOMER)

    def die(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(EmailMultiAlternatives, "send", die)
        with pytest.raises(KeyboardInterrupt):
            outbox.deliver_due()
    assert delivered() == []
    OutboxMail.objects.update(due_at=clock.now())
    assert len(delivered()) == 1


def test_m6_waiting_mail_is_sealed_and_sent_mail_is_emptied(delivered: Delivered) -> None:
    link = ask(NEWCOMER)
    sealed = bytes(OutboxMail.objects.get().body_sealed)
    assert link.token.encode() not in sealed
    delivered()
    assert bytes(OutboxMail.objects.get().body_sealed) == b""


@pytest.fixture
def development(settings: Settings, tmp_path: Path) -> Path:
    """Mail goes where it goes in development."""
    settings.DEBUG = True
    settings.CUTROOM_VAR = tmp_path
    settings.EMAIL_BACKEND = "accounts.mail_backends.DevelopmentBackend"
    return tmp_path / "mail"


def test_in_development_mail_is_printed_and_shown_on_a_page(
    development: Path, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    link = ask(NEWCOMER)
    outbox.deliver_due()
    assert link.url in capsys.readouterr().out
    (file,) = development.glob("*.log")
    assert message_from_bytes(file.read_bytes())["To"] == NEWCOMER
    page = client.get("/dev/mail").content.decode()
    assert f'href="{link.url}"' in page
    assert link.spaced_code in page


def test_an_empty_mail_page_says_how_to_get_one(development: Path, client: Client) -> None:
    assert "No mail yet" in client.get("/dev/mail").content.decode()


def test_in_production_there_is_no_mail_page(client: Client) -> None:
    assert client.get("/dev/mail").status_code == 404
