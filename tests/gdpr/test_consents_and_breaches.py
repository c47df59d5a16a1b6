"""Consent is a row with the very text, off by default; a breach counts whom it affects from the audit log."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import outbox
from accounts.models import OutboxMail
from cutroom import clock
from gdpr.duties import breaches, consents
from gdpr.duties.models import Breach, Consent, Purpose
from tenants import audit
from tenants.context import Actor, tenant_context
from tests.cast import Cast, console_of

pytestmark = pytest.mark.committed

NEWS = Purpose.NEWS


def choose(cast: Cast, *, is_given: bool) -> Consent:
    return consents.choose(cast.bob.pk, NEWS, is_given=is_given, channel="account page", at=clock.now())


def test_nobody_agreed_to_anything_by_default(committed_cast: Cast) -> None:
    assert not consents.is_given(committed_cast.bob.pk, NEWS)
    assert consents.people_who_agreed(NEWS) == []


def test_the_newest_word_holds_and_each_is_kept_with_its_text(committed_cast: Cast) -> None:
    choose(committed_cast, is_given=True)
    assert consents.is_given(committed_cast.bob.pk, NEWS)
    assert consents.people_who_agreed(NEWS) == [committed_cast.bob]
    choose(committed_cast, is_given=False)
    assert not consents.is_given(committed_cast.bob.pk, NEWS)
    assert consents.people_who_agreed(NEWS) == []
    assert list(Consent.objects.order_by("at").values_list("is_given", "text")) == [
        (True, consents.TEXTS[NEWS]),
        (False, consents.TEXTS[NEWS]),
    ]


def test_a_new_wording_asks_anew(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(committed_cast, is_given=True)
    monkeypatch.setitem(consents.TEXTS, NEWS, "Sell my address.")
    assert not consents.is_given(committed_cast.bob.pk, NEWS)
    assert consents.people_who_agreed(NEWS) == []


def test_a_consent_is_never_changed(committed_cast: Cast) -> None:
    row = choose(committed_cast, is_given=True)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Consent.objects.filter(pk=row.pk).update(is_given=False)


def test_taking_it_back_drops_the_mails_that_wait(committed_cast: Cast) -> None:
    choose(committed_cast, is_given=True)
    for kind, address in (
        ("news", "bob@acme.test"),
        ("news", "alice@acme.test"),
        ("export_ready", "bob@acme.test"),
    ):
        OutboxMail.objects.create(
            kind=kind,
            recipient=address,
            subject="x",
            body_sealed=b"",
            created_at=clock.now(),
            due_at=clock.now(),
            give_up_at=clock.now() + timedelta(days=1),
        )
    choose(committed_cast, is_given=False)
    assert set(OutboxMail.objects.values_list("kind", "recipient")) == {
        ("news", "alice@acme.test"),
        ("export_ready", "bob@acme.test"),
    }
    assert outbox.deliver_due() is not None


def test_news_reach_only_those_who_agreed_and_stop_with_one_click(
    committed_cast: Cast, tmp_path: Path
) -> None:
    text = tmp_path / "news.txt"
    text.write_text("There is more to cut.")
    out = StringIO()
    call_command("send_news", "News", str(text), "--json", stdout=out)
    assert json.loads(out.getvalue())["people"] == 0
    choose(committed_cast, is_given=True)
    call_command("send_news", "News", str(text), "--dry-run")
    assert not OutboxMail.objects.exists()
    call_command("send_news", "News", str(text))
    assert outbox.deliver_due() == 1
    (message,) = mail.outbox
    assert message.to == ["bob@acme.test"]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = message.extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")
    provider = Client(enforce_csrf_checks=True)
    page = provider.get(path)
    assert (page.status_code, page["Referrer-Policy"]) == (200, "strict-origin")
    assert consents.is_given(committed_cast.bob.pk, NEWS), "a mail scanner opens links, too"
    done = provider.post(path, {"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done["Referrer-Policy"]) == (200, "strict-origin")
    assert not consents.is_given(committed_cast.bob.pk, NEWS)
    assert Consent.objects.latest("at").channel == "link in a mail"
    assert provider.post(path + "x").status_code == 404


@pytest.fixture
def stolen_key(committed_cast: Cast) -> Any:
    """A key of Acme's was used by somebody, and Charlie worked at Globex meanwhile."""
    key = "00000000-0000-4000-8000-000000000009"
    with tenant_context(committed_cast.acme.pk, actor=Actor(api_key_id=key)):  # type: ignore[arg-type]
        audit.record("project.read")
        audit.record("video.downloaded")
    with tenant_context(committed_cast.globex.pk, actor=Actor(user_id=committed_cast.charlie.pk)):
        audit.record("project.read")
    return key


@pytest.fixture
def olga(committed_cast: Cast) -> Client:
    """Olga at the console."""
    return console_of(committed_cast.olga)


def breach(**more: Any) -> Breach:
    at = clock.now()
    return Breach.objects.create(
        title="A key in a public repository", detected_at=at, began_at=at - timedelta(hours=1), **more
    )


def test_the_affected_are_counted_from_the_audit_log(committed_cast: Cast, stolen_key: str) -> None:
    found = breaches.compute(breach(api_key_id=stolen_key), at=clock.now())
    assert (found.entries, found.tenants) == (2, [committed_cast.acme.pk])
    assert set(found.people) == {committed_cast.alice.pk, committed_cast.bob.pk}
    record = Breach.objects.get()
    assert (record.affected_entries, record.affected_tenants, record.affected_people) == (2, 1, 2)
    assert record.notify_by - record.detected_at == timedelta(hours=72)


def test_a_time_range_alone_names_everybody_in_it(committed_cast: Cast, stolen_key: str) -> None:
    found = breaches.affected(breach(), at=clock.now())
    assert set(found.tenants) == {committed_cast.acme.pk, committed_cast.globex.pk}
    earlier = Breach(
        title="x",
        detected_at=clock.now(),
        began_at=clock.now() - timedelta(days=9),
        ended_at=clock.now() - timedelta(days=8),
    )
    assert breaches.affected(earlier, at=clock.now()).entries == 0


def test_the_report_names_the_affected_and_drafts_the_letter(committed_cast: Cast, stolen_key: str) -> None:
    record = breach(api_key_id=stolen_key, nature="An API key was published.", measures="It was revoked.")
    out = StringIO()
    call_command("breach_report", str(record.pk), "--people", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["affected"] == {"audit_entries": 2, "workspaces": 1, "people": 2}
    assert [person["email"] for person in report["people"]] == ["alice@acme.test", "bob@acme.test"]
    assert "An API key was published." in report["letter"]
    out = StringIO()
    call_command("breach_report", stdout=out)
    assert "alice@acme.test" not in out.getvalue()
    assert "2 people of 1 workspaces" in out.getvalue()
    with pytest.raises(CommandError, match="no such record"):
        call_command("breach_report", "nonsense")


def test_a_breach_is_recorded_in_the_console(committed_cast: Cast, stolen_key: str, olga: Client) -> None:
    at = clock.now()
    form = {
        "title": "A key in a public repository",
        "detected_at_0": f"{at:%Y-%m-%d}",
        "detected_at_1": f"{at:%H:%M:%S}",
        "began_at_0": f"{at - timedelta(days=1):%Y-%m-%d}",
        "began_at_1": "00:00:00",
        "api_key_id": stolen_key,
    }
    answer = olga.post("/admin/gdpr/breach/add/", form)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert Breach.objects.get().affected_people == 2
    assert olga.get("/admin/gdpr/breach/").status_code == 200
