"""The first page an operator sees: what needs a person, money, work, usage. In few queries."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cutroom.console import pages
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
