"""GET /api/v1/usage/events: the ledger in pages, and whole as CSV and JSON lines."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from rest_framework.test import APIClient

from metering import services
from metering.meters import Meter
from tenants import batches
from tenants.context import tenant_context
from tests.cast import Cast, bearer

URL = "/api/v1/usage/events"
OCTOBER = f"{URL}?from=2026-10-01&to=2026-10-31"
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
PROJECT = uuid4()
METERS = (Meter.IMAGES, Meter.TTS, Meter.RENDER)


def write_lines(cast: Cast, count: int) -> None:
    """Acme's lines: one render an hour, three meters each at the same moment."""
    with tenant_context(cast.acme.pk):
        for number in range(count):
            render, meter = number // 3, METERS[number % 3]
            services.settle(
                tenant_id=cast.acme.pk,
                reservation_key="none",
                event_key=f"line:{number}",
                meter=meter,
                amount=number + 1,
                subject=f"render:{render}",
                at=FIRST + timedelta(hours=render),
                project_id=PROJECT,
                user_id=cast.bob.pk,
            )


@pytest.fixture
def _lines(cast: Cast) -> None:
    write_lines(cast, 12)


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


@pytest.mark.usefixtures("_lines")
def test_a_line_says_what_when_and_for_what(alice: APIClient, cast: Cast) -> None:
    [line] = alice.get(f"{OCTOBER}&limit=1").json()["results"]
    assert line.pop("id") > 0
    assert line == {
        "at": "2026-10-01T03:00:00Z",
        "meter": "render_minutes",
        "amount": 0,
        "unit": "minutes",
        "exact": 12,
        "period": "2026-10-01",
        "subject": "render:3",
        "project_id": str(PROJECT),
        "user_id": str(cast.bob.pk),
    }


@pytest.mark.usefixtures("_lines")
@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_pages_show_each_line_once_newest_first(alice: APIClient, limit: int) -> None:
    seen: list[int] = []
    url = f"{OCTOBER}&limit={limit}"
    while url:
        page = alice.get(url).json()
        seen += [line["exact"] for line in page["results"]]
        url = page["next"]
    assert seen == list(range(12, 0, -1))


@pytest.mark.usefixtures("_lines")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("meter=images_count", [10, 7, 4, 1]),
        ("subject=render:1", [6, 5, 4]),
        ("subject=render:1&meter=tts_minutes", [5]),
        ("subject=render:99", []),
    ],
)
def test_lines_of_one_meter_or_one_render(alice: APIClient, query: str, found: list[int]) -> None:
    assert [line["exact"] for line in alice.get(f"{OCTOBER}&{query}").json()["results"]] == found


@pytest.mark.usefixtures("_lines")
def test_other_days_are_left_out(alice: APIClient) -> None:
    assert alice.get(f"{URL}?from=2026-10-02&to=9999-12-31").json()["results"] == []
    assert len(alice.get(f"{URL}?from=0001-01-01&to=2026-10-01").json()["results"]) == 12


@pytest.mark.usefixtures("_lines")
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_has_the_same_lines_oldest_first(
    alice: APIClient, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Batches end between lines of the same moment, and the last is full.
    monkeypatch.setattr(batches, "ROWS", 4)
    pages = alice.get(f"{OCTOBER}&limit=100").json()["results"]
    text = body(alice.get(f"{OCTOBER}&format={form}"))
    if form == "jsonl":
        assert [json.loads(line) for line in text.splitlines()] == pages[::-1]
    else:
        lines = [{key: str("" if value is None else value) for key, value in row.items()} for row in pages]
        assert list(csv.DictReader(text.splitlines())) == lines[::-1]


@pytest.mark.usefixtures("_lines")
@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("text/csv", "text/csv; charset=utf-8"), ("application/jsonl", "application/jsonl")],
)
def test_accept_chooses_the_form_too(alice: APIClient, accept: str, content_type: str) -> None:
    answer = alice.get(OCTOBER, headers={"Accept": accept})
    assert answer["Content-Type"] == content_type
    assert answer["Content-Disposition"].startswith('attachment; filename="usage-acme-2026-10-01-2026-10-31.')
    assert len(body(answer).splitlines()) >= 12


def test_a_file_without_lines_still_names_its_columns(alice: APIClient) -> None:
    assert body(alice.get(f"{OCTOBER}&format=csv")).startswith("id,at,meter,amount,unit,exact,period,subject")
    assert body(alice.get(f"{OCTOBER}&format=jsonl")) == ""


@pytest.mark.usefixtures("_lines")
@pytest.mark.parametrize("form", ["json", "csv", "jsonl"])
def test_another_tenant_sees_nothing(charlie: APIClient, form: str) -> None:
    answer = charlie.get(f"{OCTOBER}&format={form}")
    text = body(answer) if answer.streaming else answer.content.decode()
    assert "render:" not in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=xml", "format"),
        ("meter=coffee", "meter"),
        ("from=2026-10-02&to=2026-10-01", "to"),
        ("format=csv&meter=coffee", "meter"),
    ],
)
def test_what_cannot_be_asked_is_refused(alice: APIClient, query: str, field: str) -> None:
    answer = alice.get(f"{URL}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [error["field"] for error in json.loads(answer.content)["errors"]] == [field]


@pytest.mark.parametrize("form", ["json", "csv", "jsonl"])
def test_strangers_are_asked_to_sign_in(stranger: APIClient, form: str) -> None:
    assert stranger.get(f"{URL}?format={form}").status_code == 401


def test_an_asgi_server_gets_a_file_batch_by_batch(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 4)
    write_lines(committed_cast, 10)
    client: Any = bearer(committed_cast.alice, committed_cast.acme)
    headers = {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}

    async def fetch() -> list[bytes]:
        answer: Any = await AsyncClient().get(f"{OCTOBER}&format=jsonl", headers=headers)
        assert answer.is_async
        return [piece async for piece in answer.streaming_content]

    # In a thread of its own: once a browser has been used, this one has an event loop already.
    with ThreadPoolExecutor(1) as pool:
        pieces = pool.submit(async_to_sync(fetch)).result()
    assert [len(piece.splitlines()) for piece in pieces] == [4, 4, 2]
