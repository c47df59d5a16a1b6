"""/account: devices, keys, exports and backups of one's account, with or without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import ApiKey, Session
from cutroom import clock
from gdpr.export import making
from tenants.context import tenant_context
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


def test_a_new_key_is_shown_once_and_can_be_revoked(page: Client, committed_cast: Cast) -> None:
    shown = page.post("/account/keys", {"grace_hours": "24"})
    assert shown["Cache-Control"] == "no-store"
    (plain,) = re.findall(r"sk_test_\w{20,}", shown.content.decode())
    assert plain not in text_of(page)
    with tenant_context(committed_cast.acme.pk):
        key = ApiKey.objects.get()
    page.post(f"/account/keys/{key.pk}/revoke")
    assert "No key yet." in text_of(page)


def test_creators_see_no_keys(committed_cast: Cast, media: Path) -> None:
    creator = browser_of(committed_cast.bob, committed_cast.acme)
    assert "API keys" not in text_of(creator)
    assert creator.post("/account/keys").status_code == 403


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


def test_backups_are_told(page: Client) -> None:
    assert "Last backup" in text_of(page)
