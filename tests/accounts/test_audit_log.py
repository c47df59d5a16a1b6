"""The audit log as admins read it: by the API and on the page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tenants import audit, audit_seals, batches
from tenants.context import Actor, tenant_context
from tests.cast import Cast, bearer, browser_of

API = "/api/account/audit"
PAGE = "/account/audit"


@pytest.fixture
def written(committed_cast: Cast) -> Cast:
    """Alice did something, Bob was refused something, support acted as Bob, and a task ran."""
    alice, bob = Actor(user_id=committed_cast.alice.pk), Actor(user_id=committed_cast.bob.pk)
    support = Actor(user_id=committed_cast.bob.pk, operator_id=committed_cast.olga.pk)
    for actor, action, is_denied in (
        (alice, "render.deleted", False),
        (bob, "request.denied", True),
        (support, "project.deleted", False),
        (Actor(), "render.failed", False),
    ):
        with tenant_context(committed_cast.acme.pk, actor=actor):
            audit.record(action, target="render:1", is_denied=is_denied, detail={"status": 403})
    return committed_cast


@pytest.fixture
def admin(written: Cast) -> APIClient:
    return bearer(written.alice, written.acme)


def actions(client: APIClient, query: str = "") -> list[str]:
    rows = client.get(f"{API}?{query}").json()["results"]
    return [row["action"] for row in rows if not row["action"].startswith("session.")]


@pytest.mark.committed
def test_each_entry_has_its_place_in_the_chain(admin: APIClient) -> None:
    rows = admin.get(API).json()["results"]
    assert [row["sequence"] for row in rows] == [5, 4, 3, 2, 1]
    assert len({row["hash"] for row in rows}) == 5


@pytest.mark.committed
def test_it_can_be_asked_for_less(admin: APIClient, written: Cast) -> None:
    assert actions(admin, "is_denied=true") == ["request.denied"]
    assert actions(admin, "is_denied=false") == ["render.failed", "project.deleted", "render.deleted"]
    assert actions(admin, "action=render.deleted") == ["render.deleted"]
    assert actions(admin, f"actor={written.bob.pk}") == ["project.deleted", "request.denied"]
    assert actions(admin, f"actor={uuid4()}") == []


@pytest.mark.committed
@pytest.mark.parametrize("query", ["actor=me", "is_denied=perhaps", "cursor=nonsense"])
def test_a_wrong_question_is_named(admin: APIClient, query: str) -> None:
    answer = admin.get(f"{API}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, query.partition("=")[0])


@pytest.mark.django_db
def test_pages_follow_by_cursor_and_miss_nothing(alice: APIClient, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for number in range(120):
            audit.record("test.done", target=f"test:{number}")
    seen: list[str] = []
    address: str | None = API
    while address:
        page = alice.get(address).json()
        seen += [row["target"] for row in page["results"] if row["action"] == "test.done"]
        address = page["next"]
    assert seen == [f"test:{number}" for number in reversed(range(120))]


@pytest.mark.django_db
def test_the_page_is_for_admins(alice_browser: Client, bob_browser: Client, browser: Client) -> None:
    assert alice_browser.get(PAGE).status_code == 200
    assert bob_browser.get(PAGE).status_code == 403
    assert browser.get(PAGE)["Location"] == f"/login?next={PAGE.replace('/', '%2F')}"


@pytest.mark.committed
def test_the_page_says_who_did_what(written: Cast, media: Path) -> None:
    audit_seals.seal_all()
    text = browser_of(written.alice, written.acme).get(PAGE).content.decode()
    for words in (
        "alice@acme.test",
        "Cutroom support as bob@acme.test",
        "render deleted",
        "<dt>Sealed to line</dt>",
    ):
        assert words in text


@pytest.mark.committed
def test_the_page_shows_the_refused_alone(written: Cast) -> None:
    text = browser_of(written.alice, written.acme).get(f"{PAGE}?denied=1").content.decode()
    assert "request denied" in text
    assert "render deleted" not in text


@pytest.mark.django_db
def test_the_page_turns_over(alice_browser: Client, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        for number in range(60):
            audit.record("test.done", target=f"test:{number}")
    first = alice_browser.get(PAGE)
    assert 'rel="next"' in first.content.decode()
    second = alice_browser.get(first.context["older"]).content.decode()
    assert "test:9" in second
    assert 'rel="prev"' in second


@pytest.mark.django_db
def test_the_page_asks_as_often_for_forty_lines_as_for_one(alice_browser: Client, cast: Cast) -> None:
    asked = []
    for entries in (1, 39):
        with tenant_context(cast.acme.pk, actor=Actor(user_id=cast.alice.pk)):
            for _ in range(entries):
                audit.record("test.done")
        alice_browser.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            alice_browser.get(PAGE)
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 13


@pytest.mark.committed
def test_a_person_or_key_that_is_gone_is_said_to_be(committed_cast: Cast) -> None:
    for actor in (Actor(user_id=uuid4()), Actor(api_key_id=uuid4())):
        with tenant_context(committed_cast.acme.pk, actor=actor):
            audit.record("test.done")
    text = browser_of(committed_cast.alice, committed_cast.acme).get(PAGE).content.decode()
    assert "a deleted account" in text
    assert "a deleted key" in text


def lines_of(client: Any, path: str) -> list[dict[str, Any]]:
    """The entries of a JSONL file."""
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/jsonl")
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


@pytest.mark.committed
def test_the_whole_log_is_a_file_oldest_first_with_its_hashes(
    admin: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROWS", 2)
    listed = admin.get(API).json()["results"]
    lines = lines_of(admin, f"{API}?format=jsonl")
    last = lines.pop()
    assert (last["action"], last["sequence"]) == ("audit.exported", len(lines) + 1)
    assert [(line["sequence"], line["hash"]) for line in lines] == [
        (row["sequence"], row["hash"]) for row in reversed(listed)
    ]


@pytest.mark.committed
def test_a_table_has_the_same_and_the_question_holds_for_it(admin: APIClient) -> None:
    answer: Any = admin.get(f"{API}?format=csv&is_denied=true")
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-acme-')
    [row] = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert (row["action"], json.loads(row["detail"])) == ("request.denied", {"status": 403})


@pytest.mark.committed
def test_the_page_has_both_files_for_admins_alone(written: Cast) -> None:
    browser = browser_of(written.alice, written.acme)
    assert f'href="{PAGE}.csv"' in browser.get(PAGE).content.decode()
    assert {line["tenant_id"] for line in lines_of(browser, f"{PAGE}.jsonl")} == {str(written.acme.pk)}
    assert [line["action"] for line in lines_of(browser, f"{PAGE}.jsonl?denied=1")] == ["request.denied"]
    for path in (f"{PAGE}.csv", f"{PAGE}.jsonl"):
        assert browser_of(written.bob, written.acme).get(path).status_code == 403, path
    assert bearer(written.bob, written.acme).get(f"{API}?format=csv").status_code == 403
    strange = lines_of(bearer(written.charlie, written.globex), f"{API}?format=jsonl")
    assert str(written.acme.pk) not in json.dumps(strange)


@pytest.mark.committed
def test_an_unknown_form_is_named(admin: APIClient) -> None:
    answer = admin.get(f"{API}?format=xml")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "format")
