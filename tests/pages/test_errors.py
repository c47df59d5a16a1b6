"""Error pages: plain words, and they work when almost nothing else does."""

from __future__ import annotations

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from cutroom import problems
from cutroom.errors import Conflict, NotFound, PermissionDenied, Unavailable


@pytest.fixture
def asked(rf: RequestFactory) -> HttpRequest:
    """A request that met no middleware: no session, no user, no id."""
    return rf.get("/library")


@pytest.fixture
def _no_manifest(settings: Settings) -> None:
    """Production's static files before collectstatic: `{% static %}` would raise."""
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    settings.DEBUG = False


@pytest.mark.usefixtures("_no_manifest")
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotFound(), "There is no such page, or it is not yours to see"),
        (PermissionDenied(), "An admin of the workspace can do it"),
        (PermissionDenied("Owners manage billing."), "Owners manage billing."),
        (Unavailable("The database does not answer."), "tries again by itself in 5 seconds"),
        (Conflict("This render is still running."), "This render is still running."),
    ],
)
def test_each_kind_says_what_to_do(asked: HttpRequest, error: Conflict, words: str) -> None:
    response = problems.page_or_problem(asked, error)
    assert response.status_code == error.status
    assert words in response.content.decode()


@pytest.mark.usefixtures("_no_manifest")
def test_a_crash_page_needs_nothing(asked: HttpRequest) -> None:
    page = problems.server_error(asked).content.decode()
    assert "Sorry, Cutroom has a problem" in page
    assert "What you saved is safe" in page
    for forbidden in ("500", "Oops", "Something went wrong", "No data"):
        assert forbidden not in page


@pytest.mark.usefixtures("_no_manifest")
def test_the_template_stands_without_any_context() -> None:
    assert "Sorry, Cutroom has a problem" in render_to_string("error.html")


def test_the_request_id_is_on_the_page(client: Client, db: None) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": "req-42"})
    assert answer.status_code == 404
    assert "<code>req-42</code>" in answer.content.decode()


def test_strangers_and_members_see_the_same_404(client: Client, alice_browser: Client) -> None:
    texts = [
        browser.get("/nowhere", headers={"X-Request-Id": "same"}).content
        for browser in (client, alice_browser)
    ]
    assert texts[0] == texts[1]


def test_the_crash_page_asks_no_database(
    asked: HttpRequest, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        problems.server_error(asked)
