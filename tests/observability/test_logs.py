"""One JSON object a line, with ids, and never what somebody typed, received or may sign in with."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from cutroom.logs import JsonFormatter, log_context
from tests.cast import Cast, bearer

MAIL = "canary.person+tag@mail.example.org"
TOKEN = "cAnArY-Zm9vYmFyYmF6cXV4_1234567890-AbCdEf"
SCRIPT = "The canary sings of a mill that nobody else may hear."

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything logged from now on, as the product would write it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("tests.observability")


def test_a_line_has_time_level_logger_event_and_ids(lines: Lines, log: logging.Logger) -> None:
    tenant_id = str(uuid.uuid4())
    with log_context(request_id="r1", tenant_id=tenant_id), log_context(job_id="j1"):
        log.warning("lease_lost", extra={"kind": "image", "crashes": 2, "worker": "host-1:4711"})
    log.info("afterwards")
    first, second = lines()
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "level": "warning",
        "logger": "tests.observability",
        "event": "lease_lost",
        "request_id": "r1",
        "tenant_id": tenant_id,
        "job_id": "j1",
        "kind": "image",
        "crashes": 2,
        "worker": "host-1:4711",
    }
    assert "request_id" not in second


@pytest.mark.parametrize("secret", [MAIL, TOKEN, SCRIPT, f"/login?token={TOKEN}", f"sk_prod_{TOKEN}"])
def test_nothing_personal_passes_by_any_way_into_a_line(
    secret: str, lines: Lines, log: logging.Logger
) -> None:
    log.info("with an extra", extra={"value": secret, "nested": {"list": [secret]}})
    log.info("with an argument: %s", secret)
    log.info("with %(named)s", {"named": secret})
    log.error(ValueError(secret))
    try:
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise RuntimeError(f"about {secret}") from error
    except RuntimeError:
        log.exception("with an exception")
    text = json.dumps(lines())
    assert len(lines()) == 5
    assert secret not in text
    assert TOKEN not in text
    assert "RuntimeError" in text
    assert "KeyError" in text
    assert "test_logs.py" in text


@pytest.mark.parametrize(
    "secret", [MAIL, TOKEN, f"sk_prod_{TOKEN}", f"redis://:{TOKEN}@cache.example:6379/0"]
)
def test_even_a_text_that_was_formatted_elsewhere_loses_its_secrets(
    secret: str, lines: Lines, log: logging.Logger
) -> None:
    written_elsewhere = f"A library wrote: {secret} was refused"
    log.warning(written_elsewhere)
    [line] = lines()
    assert secret not in line["event"]
    assert TOKEN not in line["event"]
    assert line["event"].startswith("A library wrote: ")


def test_ids_hashes_and_names_stay_readable(lines: Lines, log: logging.Logger) -> None:
    kept = {
        "id": str(uuid.uuid4()),
        "hash": "0123456789abcdef" * 4,
        "constraint": "rendering_renderstep_job_id_same_tenant_key",
        "task": "rendering.run_step",
        "route": "api/v1/renders/<uuid:render_id>",
        "none": None,
        "count": 3,
    }
    log.info("kept", extra=kept)
    [line] = lines()
    assert {name: line[name] for name in kept} == kept


def test_development_shows_what_an_error_says(log: logging.Logger) -> None:
    try:
        raise ValueError("the voice model is missing")
    except ValueError as error:
        record = log.makeRecord("x", logging.ERROR, "f", 1, "e", (), (ValueError, error, error.__traceback__))
    assert "the voice model is missing" in JsonFormatter(shows_errors=True).format(record)
    assert "the voice model is missing" not in JsonFormatter().format(record)


def test_a_request_is_logged_by_route_with_tenant_and_user(
    lines: Lines, alice: APIClient, cast: Cast
) -> None:
    answer = alice.get("/api/v1/projects/a-secret-title", headers={"X-Request-Id": "abc-1"})
    assert answer.status_code == 404
    [line] = [line for line in lines() if line["logger"] == "cutroom.access"]
    assert line["route"] == "api/v1/projects/<slug:slug>"
    assert (line["method"], line["status"], line["request_id"]) == ("GET", 404, "abc-1")
    assert line["tenant_id"] == str(cast.acme.pk)
    assert line["user_id"] == str(cast.alice.pk)
    assert "a-secret-title" not in json.dumps(line)


def test_a_fault_is_logged_by_route_and_not_by_path(
    lines: Lines, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(slug: str) -> None:
        raise RuntimeError(SCRIPT)

    monkeypatch.setattr("rendering.selectors.project_with_scenes", fail)
    client = bearer(cast.alice, cast.acme)
    client.raise_request_exception = False
    assert client.get("/api/v1/projects/a-secret-title").status_code == 500
    [line] = [line for line in lines() if line["event"] == "request_failed"]
    assert line["route"] == "api/v1/projects/<slug:slug>"
    assert line["traceback"].endswith("builtins.RuntimeError\n")
    assert "secret" not in json.dumps(lines())


def test_signing_in_leaves_no_address_and_no_token_in_the_log(
    lines: Lines, client: Client, db: None, mailoutbox: list[Any]
) -> None:
    client.post("/api/auth/magic-link/request", {"email": MAIL}, "application/json")
    client.get(f"/login?token={TOKEN}")
    client.post("/api/auth/magic-link/verify", {"token": TOKEN}, "application/json")
    client.get("/api/auth/me", headers={"Authorization": f"Bearer {TOKEN}"})
    text = json.dumps(lines())
    assert len([line for line in lines() if line["event"] == "request"]) == 4
    assert MAIL not in text
    assert TOKEN not in text
