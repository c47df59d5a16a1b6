"""Asking for an export, looking how far it is, and fetching it: the contract of /api/account/export."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Session
from cutroom import clock
from gdpr.export import expiry, making
from gdpr.export.models import Export, ExportState
from tenants.context import tenant_context
from tenants.models import AuditEntry, Role
from tests.cast import Cast, bearer, browser_of, join
from tests.gdpr.exports import fill, opened

pytestmark = pytest.mark.committed

NAME = r"export-acme-\d{8}_\d{6}\.zip"


@pytest.fixture
def acme(committed_cast: Cast, media: Path, tmp_path: Path) -> Cast:
    """Acme with a project, a scene and a picture."""
    fill(committed_cast, tmp_path)
    return committed_cast


@pytest.fixture
def admin(acme: Cast) -> APIClient:
    """Alice, signed in just now."""
    return bearer(acme.alice, acme.acme)


def body_of(response: Any) -> bytes:
    """The bytes of an answer."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def made(client: APIClient) -> dict[str, Any]:
    """An export that is ready, as its status says."""
    asked = client.post("/api/account/export").json()
    assert making.make_next()
    status: dict[str, Any] = client.get(asked["status_url"]).json()
    assert status["status"] == "ready"
    return status


def test_asking_gives_the_links_of_the_contract(admin: APIClient) -> None:
    answer = admin.post("/api/account/export")
    document = answer.json()
    assert answer.status_code == 202
    assert answer["Retry-After"] == "5"
    assert answer["Location"] == document["status_url"]
    assert document["success"] is True
    assert document["expires_in_hours"] == 24
    assert document["status"] == "queued"
    path, _, name = document["download_url"].rpartition("/")
    assert path == "/api/account/download-export"
    assert re.fullmatch(NAME, name)


def test_one_that_is_ready_in_time_is_answered_with_200(
    admin: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the request waits, no transaction is open: a worker can take the row and write it."""
    settings.GDPR_EXPORT_WAIT_SECONDS = 30
    worker = SimpleNamespace(sleep=lambda _: making.make_next(), monotonic=time.monotonic)
    monkeypatch.setattr("gdpr.export.api.time", worker)
    answer = admin.post("/api/account/export")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


@pytest.mark.fault(37, breaks=["I4"])
def test_asking_again_gives_the_one_that_is_being_made(admin: APIClient) -> None:
    first, second = admin.post("/api/account/export").json(), admin.post("/api/account/export").json()
    assert first["id"] == second["id"]


def test_the_same_idempotency_key_is_one_export(admin: APIClient) -> None:
    answers = [
        admin.post("/api/account/export", headers={"Idempotency-Key": "once"}).json() for _ in range(2)
    ]
    assert answers[0]["id"] == answers[1]["id"]
    assert Export.everywhere.using("ops").count() == 1


def test_a_day_has_an_end(admin: APIClient, settings: Settings) -> None:
    settings.GDPR_EXPORTS_A_DAY = 2
    made(admin), made(admin)
    refused = admin.post("/api/account/export")
    assert refused.status_code == 429
    assert refused.json()["code"] == "too-many-exports"
    assert 86_000 < int(refused["Retry-After"]) <= 86_400


def test_while_it_is_made_the_link_answers_202(admin: APIClient) -> None:
    asked = admin.post("/api/account/export").json()
    answer = admin.get(asked["download_url"])
    assert (answer.status_code, answer["Retry-After"]) == (202, "5")


def test_the_archive_is_fetched_whole(admin: APIClient) -> None:
    status = made(admin)
    answer = admin.get(status["download_url"])
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert status["name"] in answer["Content-Disposition"]
    content = body_of(answer)
    assert len(content) == status["size_bytes"] == int(answer["Content-Length"])
    assert answer["ETag"]


@pytest.mark.fault(38, breaks=["I4"])
def test_a_broken_download_goes_on_where_it_stopped(admin: APIClient) -> None:
    status = made(admin)
    whole = admin.get(status["download_url"])
    content, cut = body_of(whole), status["size_bytes"] * 37 // 100
    rest = admin.get(status["download_url"], headers={"Range": f"bytes={cut}-", "If-Range": whole["ETag"]})
    assert rest.status_code == 206
    assert content[:cut] + body_of(rest) == content
    stale = admin.get(status["download_url"], headers={"Range": f"bytes={cut}-", "If-Range": '"other"'})
    assert stale.status_code == 200
    assert body_of(stale) == content


def test_every_download_is_in_the_audit_log(admin: APIClient, acme: Cast) -> None:
    status = made(admin)
    admin.get(status["download_url"])
    admin.get(status["download_url"], headers={"Range": "bytes=0-99"})
    with tenant_context(acme.acme.pk):
        entries = AuditEntry.objects.filter(action="export.downloaded").order_by("at")
        assert [entry.detail["sent"] for entry in entries] == [
            f"all {status['size_bytes']} bytes",
            f"bytes 0-99/{status['size_bytes']}",
        ]
        assert {entry.user_id for entry in entries} == {acme.alice.pk}


def test_looking_is_not_downloading(admin: APIClient, acme: Cast) -> None:
    status = made(admin)
    assert admin.head(status["download_url"]).status_code == 200
    with tenant_context(acme.acme.pk):
        assert not AuditEntry.objects.filter(action="export.downloaded").exists()


@pytest.mark.fault(38, breaks=["I4"])
def test_nobody_else_finds_it(admin: APIClient, acme: Cast) -> None:
    status = made(admin)
    dora = join(acme.acme, "dora", Role.ADMIN)
    others = [
        bearer(acme.bob, acme.acme),
        bearer(acme.charlie, acme.globex),
        bearer(dora, acme.acme),
    ]
    for other in others:
        assert other.get(status["download_url"]).status_code == 404
        assert other.get(status["status_url"]).status_code == 404
        assert other.delete(status["status_url"]).status_code == 404
    assert APIClient().get(status["download_url"]).status_code == 401


def test_it_takes_a_recent_sign_in(admin: APIClient, acme: Cast) -> None:
    status = made(admin)
    Session.objects.filter(user=acme.alice).update(signed_in_at=clock.now() - timedelta(minutes=11))
    refused = admin.get(status["download_url"])
    assert (refused.status_code, refused.json()["code"]) == (403, "recent-sign-in-required")


@pytest.mark.fault(38, breaks=["I4"])
def test_after_a_day_it_is_gone(admin: APIClient, media: Path) -> None:
    status = made(admin)
    rows = Export.everywhere.using("ops")
    rows.update(expires_at=clock.now())
    assert admin.get(status["download_url"]).status_code == 410
    assert len(list(media.rglob("export-*.zip"))) == 1
    assert expiry.sweep(at=clock.now()) == 1
    assert list(media.rglob("export-*.zip")) == []
    assert rows.get().state == ExportState.EXPIRED
    assert admin.get(status["download_url"]).status_code == 410


def test_it_can_be_deleted_before(admin: APIClient, media: Path) -> None:
    status = made(admin)
    assert admin.delete(status["status_url"]).status_code == 204
    assert list(media.rglob("export-*.zip")) == []
    assert admin.get(status["download_url"]).status_code == 410


def test_one_that_failed_says_why(admin: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "SPARE_BYTES", 10**18)
    asked = admin.post("/api/account/export").json()
    assert making.make_next()
    status = admin.get(asked["status_url"]).json()
    assert (status["success"], status["status"]) == (False, "failed")
    answer = admin.get(asked["download_url"])
    assert answer.status_code == 409
    assert "not enough room" in answer.json()["detail"]


def test_a_creator_may_ask_for_what_is_about_them(acme: Cast) -> None:
    client = bearer(acme.bob, acme.acme)
    status = made(client)
    assert status["scope"] == "person"
    archive = opened(Export.everywhere.using("ops").get())
    assert archive.rows("accounts.User")[0]["email"] == acme.bob.email


def test_exports_are_listed_newest_first(admin: APIClient) -> None:
    names = [made(admin)["name"], made(admin)["name"]]
    listed = [each["name"] for each in admin.get("/api/account/exports").json()["results"]]
    assert listed == names[::-1]


def test_a_page_session_is_not_enough_for_the_api(acme: Cast) -> None:
    browser: Client = browser_of(acme.alice, acme.acme)
    assert browser.post("/api/account/export").status_code == 401


def test_a_lost_doorbell_is_rung_again(admin: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr("gdpr.export.expiry.dispatch", SimpleNamespace(ring=rung.append))
    admin.post("/api/account/export")
    expiry.sweep(at=clock.now())
    assert rung == []
    expiry.sweep(at=clock.now() + timedelta(seconds=11))
    assert rung == ["gdpr.make_exports"]
