"""/account: devices, exports and backups of one's account, with or without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from accounts import mail_choices
from accounts.models import OutboxMail, Session
from cutroom import clock
from gdpr.duties import consents
from gdpr.duties.models import Consent, Purpose
from gdpr.export import making
from gdpr.models import BackupRun
from tests.cast import Cast, browser_of, open_session

pytestmark = pytest.mark.committed


@pytest.fixture
def page(committed_cast: Cast, media: Path) -> Client:
    """Alice at the pages, signed in just now."""
    return browser_of(committed_cast.alice, committed_cast.acme)


def text_of(page: Client) -> str:
    """The account page."""
    answer = page.get("/account")
    assert answer.status_code == 200
    return answer.content.decode()


def test_strangers_sign_in_first(committed_cast: Cast, browser: Client) -> None:
    assert browser.get("/account").status_code == 302


def test_another_device_can_be_signed_out(page: Client, committed_cast: Cast) -> None:
    other = open_session(committed_cast.alice, committed_cast.acme)
    assert str(other.pk) in text_of(page)
    page.post(f"/account/devices/{other.pk}/end")
    assert Session.objects.get(pk=other.pk).ended_at is not None
    assert str(other.pk) not in text_of(page)


def test_nobody_signs_out_somebody_else(page: Client, committed_cast: Cast) -> None:
    bobs = open_session(committed_cast.bob, committed_cast.acme)
    page.post(f"/account/devices/{bobs.pk}/end")
    assert Session.objects.get(pk=bobs.pk).ended_at is None


def test_an_export_is_asked_for_fetched_and_deleted(page: Client) -> None:
    page.post("/account/exports")
    assert "Being made" in text_of(page)
    assert making.make_next()
    (link,) = re.findall(r'href="(/account/exports/export-acme-[^"]+\.zip)"', text_of(page))
    fetched = page.get(link)
    assert fetched.status_code == 200
    assert b"".join(fetched.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]  # a file's answer
    (delete,) = re.findall(r'action="(/account/exports/[^"]+/delete)"', text_of(page))
    page.post(delete)
    assert page.get(link).status_code == 410


def test_a_download_asks_to_confirm_after_ten_minutes(page: Client, committed_cast: Cast) -> None:
    page.post("/account/exports")
    assert making.make_next()
    (link,) = re.findall(r'href="(/account/exports/export-acme-[^"]+\.zip)"', text_of(page))
    Session.objects.update(signed_in_at=clock.now() - timedelta(minutes=11))
    asked = page.get(link)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/account/confirm?next=")


def test_all_other_devices_are_signed_out_at_once(page: Client, committed_cast: Cast) -> None:
    for _ in range(2):
        open_session(committed_cast.alice, committed_cast.acme)
    bobs = open_session(committed_cast.bob, committed_cast.acme)
    page.post("/account/devices/others/end")
    assert Session.objects.filter(user=committed_cast.alice, ended_at=None).count() == 1
    assert Session.objects.get(pk=bobs.pk).ended_at is None
    assert "Sign out all others" not in text_of(page)


def test_the_name_is_saved_and_the_team_reads_it(page: Client, committed_cast: Cast) -> None:
    given = {"name": "  Alice   Ács ", "theme": "dark", "next": "/account?saved=profile"}
    answer = page.post("/account/profile", given)
    assert answer["Location"] == "/account?saved=profile"
    assert answer.cookies["theme"].value == "dark"
    text = page.get("/account?saved=profile").content.decode()
    assert "Alice Ács" in text
    assert "Saved" in text
    assert "Alice Ács" in browser_of(committed_cast.bob, committed_cast.acme).get("/team").content.decode()


def test_a_name_that_is_too_long_stays_in_the_form(page: Client) -> None:
    answer = page.post("/account/profile", {"name": "x" * 81, "theme": "system"})
    assert answer.status_code == 400
    assert "Use at most 80 characters." in answer.content.decode()
    assert "x" * 81 in answer.content.decode()


@pytest.mark.parametrize("mark", ["\0", "\u202e"], ids=["nul", "turning"])
def test_a_name_with_characters_that_cannot_be_seen_is_refused(page: Client, mark: str) -> None:
    answer = page.post("/account/profile", {"name": f"Al{mark}ice", "theme": "system"})
    assert answer.status_code == 400
    assert "characters that cannot be seen" in answer.content.decode()


def test_a_mail_that_is_not_wanted_is_not_written(page: Client, committed_cast: Cast) -> None:
    assert page.post("/account/mail", {"wanted": ["usage_threshold", "nonsense"]}).status_code == 302
    assert [choice.is_wanted for choice in mail_choices.of(committed_cast.alice.pk)] == [False, True, False]
    page.post("/account/exports")
    assert making.make_next()
    assert not OutboxMail.objects.filter(kind="export_ready").exists()
    page.post("/account/mail", {"wanted": list(mail_choices.OPTIONAL)})
    page.post("/account/exports")
    assert making.make_next()
    assert OutboxMail.objects.get(kind="export_ready").recipient == "alice@acme.test"


def test_news_need_a_yes_and_a_no_is_as_easy(page: Client, committed_cast: Cast) -> None:
    alice = committed_cast.alice.pk
    for given in ({}, {"news": "yes"}, {"news": "yes"}, {}):
        page.post("/account/mail", given)
        assert consents.is_given(alice, Purpose.NEWS) is bool(given)
    assert list(Consent.objects.order_by("at").values_list("is_given", flat=True)) == [True, False]


def test_backups_are_told_and_turn_red_when_they_are_too_old(page: Client) -> None:
    assert "No backup was made yet." in text_of(page)
    at = clock.now() - timedelta(hours=1)
    run = BackupRun.objects.create(pk="r", started_at=at, finished_at=at, verified_at=at, state="succeeded")
    assert "In time" in text_of(page)
    BackupRun.objects.filter(pk=run.pk).update(verified_at=at - timedelta(days=9))
    text = text_of(page)
    assert "Overdue" in text
    assert "The last verified backup was checked 9 days ago." in text
