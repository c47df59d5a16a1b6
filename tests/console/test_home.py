"""The first page an operator sees: what needs a person, money, work, usage. In few queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cutroom import clock
from cutroom.console import pages
from gdpr.duties import requests
from gdpr.duties.models import Breach, RequestKind
from tests.cast import Cast, console_of

pytestmark = pytest.mark.committed

MOST_QUERIES = 15


@pytest.fixture
def olga(committed_cast: Cast) -> Client:
    return console_of(committed_cast.olga)


def test_an_empty_installation_is_calm_but_for_its_backups(olga: Client) -> None:
    page = olga.get("/admin/")
    assert page.status_code == 200
    assert {concern.what for concern in page.context["concerns"]} == {"Backup stale"}


def test_it_names_what_people_are_owed_by_law_the_late_first(olga: Client) -> None:
    at = clock.now()
    for name, kind, asked_at, is_known in (
        ("dora", RequestKind.ACCESS, at - timedelta(days=40), True),
        ("eve", RequestKind.ERASURE, at, True),
        ("nobody", RequestKind.ACCESS, at, False),
    ):
        requests.receive(email=f"{name}@example.org", kind=kind, text="", is_known=is_known, at=asked_at)
    Breach.objects.create(title="A lost laptop", detected_at=at, began_at=at)
    page = olga.get("/admin/")
    duties = [concern for concern in page.context["concerns"] if concern.area.startswith("gdpr/")]
    assert [(duty.what, duty.where, duty.is_grave) for duty in duties] == [
        ("Privacy request", "see what is kept about me (article 15)", True),
        ("Breach", "A lost laptop", True),
        ("Privacy request", "erase what is about me (article 17)", False),
    ]
    assert [duty.why.split(" on ")[0].split(" by ")[0] for duty in duties] == [
        "was due",
        "tell the authority",
        "answer it",
    ]
    assert all(olga.get(duty.url).status_code == 200 for duty in duties)
    assert "example.org" not in page.content.decode(), "who asked is on the page of the request"


def test_it_takes_few_queries(olga: Client) -> None:
    with (
        CaptureQueriesContext(connections["default"]) as app,
        CaptureQueriesContext(connections["ops"]) as ops,
    ):
        olga.get("/admin/")
    asked = [query["sql"].strip()[:200] for query in [*app.captured_queries, *ops.captured_queries]]
    statements = [statement for statement in asked if statement not in ("BEGIN", "COMMIT")]
    assert len(statements) <= MOST_QUERIES, "\n".join(statements)


def test_every_page_of_the_navigation_opens(olga: Client) -> None:
    for entry in pages.entries():
        assert olga.get(reverse(f"admin:{entry.name}")).status_code == 200, entry.name
