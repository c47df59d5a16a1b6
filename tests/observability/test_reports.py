"""What reaches Sentry, seen by a transport that keeps the envelopes instead of sending them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from celery import shared_task
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from cutroom import reporting
from cutroom.errors import Unavailable
from cutroom.logs import log_context

MAIL = "canary.person@mail.example.org"
TOKEN = "cAnArY-Zm9vYmFyYmF6cXV4_1234567890-AbCdEf"
SCRIPT = "The canary sings of a mill that nobody else may hear."
SECRETS = (MAIL, TOKEN, SCRIPT)

Events = Callable[[], list[dict[str, Any]]]


def broken_page(request: HttpRequest, title: str) -> HttpResponse:
    """A view with a fault that knows everything about its visitor."""
    mail, token, script = request.POST["mail"], request.headers["Authorization"], request.POST["script"]
    raise RuntimeError(f"{title}: {mail} {token} {script}")


def closed_page(request: HttpRequest) -> HttpResponse:
    """A view that refuses: what it needs is away."""
    raise Unavailable("The store does not answer.")


urlpatterns = [path("broken/<str:title>", broken_page), path("closed", closed_page)]


class Keeper(Transport):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


@pytest.fixture
def events() -> Iterator[Events]:
    keeper = Keeper()
    with sentry_sdk.isolation_scope():
        sentry_sdk.init(dsn="https://public@sentry.invalid/1", transport=keeper, **reporting.options())
        yield lambda: [json.loads(json.dumps(e.get_event())) for e in keeper.envelopes if e.get_event()]
        sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def assert_nothing_personal(events: list[dict[str, Any]]) -> None:
    text = json.dumps(events)
    assert [secret for secret in SECRETS if secret in text] == []


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_in_a_page_is_reported_with_its_place_and_its_request_id(events: Events) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post(
        f"/broken/{SCRIPT}?token={TOKEN}",
        {"mail": MAIL, "script": SCRIPT},
        headers={"Authorization": f"Bearer {TOKEN}", "X-Request-Id": "r-42", "Cookie": f"session={TOKEN}"},
    )
    assert answer.status_code == 500
    [event] = [event for event in events() if "exception" in event]
    [error] = event["exception"]["values"]
    assert error["type"] == "RuntimeError"
    assert error["stacktrace"]["frames"][-1]["function"] == "broken_page"
    assert event["tags"]["request_id"] == "r-42"
    assert set(event) & {"request", "user", "breadcrumbs", "extra"} == set()
    assert_nothing_personal(events())


@override_settings(ROOT_URLCONF=__name__)
def test_a_refusal_that_we_chose_is_a_warning_and_no_report(
    events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    assert Client().get("/closed").status_code == 503
    [line] = [record for record in caplog.records if record.getMessage() == "request_failed"]
    assert (line.levelname, vars(line)["status_code"]) == ("WARNING", 503)
    assert events() == []


def test_an_error_in_the_log_is_reported_without_its_arguments(events: Events) -> None:
    with log_context(job_id="j-7", tenant_id="t-1"):
        logging.getLogger("tests.reports").error("could not read %s", SCRIPT, extra={"mail": MAIL})
    [event] = events()
    assert event["logentry"]["message"] == "could not read %s"
    assert event["tags"] == {"job_id": "j-7", "tenant_id": "t-1"}
    assert_nothing_personal(events())


def test_a_fault_with_a_cause_hides_both_texts_and_all_variables(events: Events) -> None:
    def read(script: str) -> None:
        try:
            raise KeyError(script)
        except KeyError as error:
            raise ValueError(f"{MAIL} wrote {script}") from error

    try:
        read(SCRIPT)
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    [event] = events()
    assert [value["type"] for value in event["exception"]["values"]] == ["KeyError", "ValueError"]
    assert_nothing_personal(events())


@shared_task(name="tests.broken_task")
def broken_task(*, script: str) -> None:
    """A task with a fault."""
    raise OSError(script)


def test_a_fault_in_a_task_is_reported_without_its_arguments(events: Events) -> None:
    result = broken_task.apply(kwargs={"script": f"{SCRIPT} {MAIL}"})
    assert result.failed()
    assert_nothing_personal(events())


def test_no_reports_without_a_dsn(settings: Any) -> None:
    assert settings.SENTRY_DSN == ""
    assert not sentry_sdk.get_client().is_active()
