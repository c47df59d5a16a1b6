"""Requests of people: a clock of one month, one extension with a reason, and no end without an answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from accounts import outbox
from accounts.models import OutboxMail
from cutroom import clock
from cutroom.errors import Conflict, InvalidInput
from gdpr import selectors
from gdpr.duties import requests
from gdpr.duties.models import Breach, Outcome, PrivacyRequest, RequestKind, RequestState
from tests.cast import Cast, bearer, browser_of, console_of

pytestmark = pytest.mark.committed

EVERYBODYS = requests.EVERYBODYS


def received(at: datetime, **more: Any) -> PrivacyRequest:
    """A request of Dora's, who is signed in."""
    given = {"email": "dora@example.org", "kind": RequestKind.ACCESS, "text": "Everything.", "is_known": True}
    return requests.receive(**{**given, **more}, at=at)


def mails() -> list[str]:
    """What waits to leave, by subject and text."""
    messages = [outbox.message_of(row) for row in OutboxMail.objects.order_by("created_at")]
    return [f"{message.subject} {message.body}" for message in messages]


@pytest.mark.parametrize(
    ("asked", "due"),
    [("2026-01-31", "2026-02-28"), ("2028-01-31", "2028-02-29"), ("2026-12-05", "2027-01-05")],
)
def test_the_clock_is_a_calendar_month(db: None, asked: str, due: str) -> None:
    request = received(datetime.fromisoformat(asked).replace(tzinfo=UTC))
    assert request.due_at.date().isoformat() == due


def test_a_member_asks_by_page_and_sees_until_when(committed_cast: Cast) -> None:
    page = browser_of(committed_cast.bob, committed_cast.acme)
    answer = page.post("/privacy/requests", {"kind": "rectification", "text": "I am Robert."}, follow=True)
    request = EVERYBODYS.get()
    assert (request.email, request.state) == ("bob@acme.test", RequestState.OPEN)
    assert f"by {request.due_at.day} {request.due_at:%B}" in answer.content.decode()
    assert "We have your request" in answer.content.decode()
    assert any("You get an answer by" in text for text in mails())


def test_a_stranger_confirms_the_address_first_and_the_clock_ran_already(committed_cast: Cast) -> None:
    stranger = Client()
    refused = stranger.post("/privacy/requests", {"kind": "erasure", "text": "My face.", "email": "no"})
    assert refused.status_code == 400
    assert "My face." in refused.content.decode(), "what was typed stays"
    stranger.post("/privacy/requests", {"kind": "erasure", "text": "My face.", "email": "Eve@Example.org"})
    request = EVERYBODYS.get()
    assert (request.email, request.state) == ("eve@example.org", RequestState.UNCONFIRMED)
    assert selectors.due_duties(at=clock.now()) == []
    (link,) = re.findall(r"/privacy/requests/confirm\?token=\S+", mails()[0])
    assert stranger.get(link).status_code == 200
    request.refresh_from_db(using="ops")
    assert request.state == RequestState.UNCONFIRMED, "a mail scanner opens links, too"
    assert "Your request counts" in stranger.post(link, {"token": link.partition("=")[2]}).content.decode()
    request.refresh_from_db(using="ops")
    assert request.state == RequestState.OPEN
    assert request.due_at == requests.months_after(request.received_at, 1)


def test_an_address_nobody_confirms_is_forgotten(db: None) -> None:
    at = clock.now()
    received(at, is_known=False)
    requests.watch(at=at + timedelta(days=6))
    assert EVERYBODYS.exists()
    requests.watch(at=at + timedelta(days=8))
    assert not EVERYBODYS.exists()


def test_asking_again_and_again_is_refused_aloud(committed_cast: Cast, settings: Settings) -> None:
    client = bearer(committed_cast.bob, committed_cast.acme)
    body = {"kind": "access"}
    answers = [client.post("/api/account/requests", body, format="json") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert len(client.get("/api/account/requests").json()["results"]) == 5
    other = bearer(committed_cast.alice, committed_cast.acme)
    assert other.get("/api/account/requests").json()["results"] == []


def test_it_is_extended_once_with_a_reason_within_the_month(db: None) -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    request = received(at)
    with pytest.raises(InvalidInput):
        requests.extend(request.pk, reason=" ", by=None, at=at)
    extended = requests.extend(request.pk, reason="Ten years of videos.", by=None, at=at + timedelta(days=29))
    assert extended.due_at == datetime(2027, 2, 28, tzinfo=UTC)
    assert any("Ten years of videos." in text for text in mails())
    with pytest.raises(Conflict):
        requests.extend(request.pk, reason="More.", by=None, at=at + timedelta(days=29))


def test_after_the_month_it_cannot_be_extended(db: None) -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    request = received(at)
    with pytest.raises(Conflict, match="first month is over"):
        requests.extend(request.pk, reason="Late.", by=None, at=at + timedelta(days=31))


def test_nothing_is_closed_without_an_outcome_and_an_answer(db: None) -> None:
    request = received(clock.now())
    for outcome, answer in (("", "Done."), ("fulfilled", "  "), ("ignored", "Done.")):
        with pytest.raises(InvalidInput):
            requests.close(request.pk, outcome=outcome, answer=answer, by=None, at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic(using="ops"):
        EVERYBODYS.update(state=RequestState.CLOSED)
    requests.close(request.pk, outcome=Outcome.REFUSED, answer="It is not ours.", by=None, at=clock.now())
    text = next(text for text in mails() if "It is not ours." in text)
    assert "complain to a supervisory authority" in text
    assert "court" in text
    with pytest.raises(Conflict):
        requests.close(request.pk, outcome=Outcome.FULFILLED, answer="Again.", by=None, at=clock.now())


def test_whoever_answers_for_the_data_is_warned_at_50_80_and_100_percent(
    db: None, settings: Settings
) -> None:
    settings.GDPR_CONTROLLER = {**settings.GDPR_CONTROLLER, "contact": "Privacy <privacy@cutroom.test>"}
    at = datetime(2026, 11, 1, tzinfo=UTC)
    received(at)
    warned = [requests.watch(at=at + timedelta(days=day)) for day in (14, 15, 16, 23, 24, 25, 30, 31, 32)]
    assert warned == [0, 1, 0, 0, 1, 0, 1, 0, 0]
    due = OutboxMail.objects.filter(kind="privacy_request_due")
    assert list(due.values_list("recipient", flat=True)) == ["privacy@cutroom.test"] * 3


def test_the_console_knows_what_is_due_first(db: None) -> None:
    at = clock.now()
    received(at - timedelta(days=40))
    Breach.objects.create(title="A lost laptop", detected_at=at, began_at=at)
    why = {"why_not_notified": "It was encrypted."}
    settled = Breach.objects.create(title="A false alarm", detected_at=at, began_at=at, **why)
    duties = selectors.due_duties(at=at)
    assert [(duty.kind, duty.is_late) for duty in duties] == [("request", True), ("breach", False)]
    assert settled.pk not in {duty.id for duty in duties}


def test_an_operator_answers_in_the_console(committed_cast: Cast) -> None:
    olga = console_of(committed_cast.olga)
    request = received(clock.now())
    page = f"/admin/gdpr/privacyrequest/{request.pk}/change/"
    assert olga.get(page).status_code == 200
    given = {"extension_reason": "", "outcome": "fulfilled", "answer": ""}
    assert "Write a sentence" in olga.post(page, given).content.decode()
    assert olga.post(page, {**given, "answer": "Here it is."}).status_code == 302
    request.refresh_from_db(using="ops")
    found = (request.state, request.outcome, request.handled_by)
    assert found == (RequestState.CLOSED, Outcome.FULFILLED, committed_cast.olga.pk)
    assert browser_of(committed_cast.bob, committed_cast.acme).get(page).status_code in (302, 403, 404)
