"""What every answer carries for the browser: a policy, no sniffing, no framing, no caching of cookies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.architecture.test_caller_matrix import OPEN_PAGES, pages
from tests.architecture.test_tenant_matrix import endpoints, things

__all__ = ["things"]

pytestmark = pytest.mark.django_db

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Reviewed: pages of a mailed link, whose address holds a token that not even our own pages may learn.
LINK_PAGES = {"open account/undo-delete", "open privacy/requests/confirm", "open privacy/stop-news"}


def answers(alice: APIClient, browser: Client, things: dict[str, str]) -> dict[str, Any]:
    """The answer to a GET of every route, by its name. Whatever one did is taken back."""
    found: dict[str, Any] = {}
    with transaction.atomic():
        for endpoint in endpoints():
            if not endpoint.route.endswith("/events"):
                found[endpoint.route] = alice.get(endpoint.path(things))
        for route, path in pages(things):
            found[route] = browser.get(path)
        for route in OPEN_PAGES:
            if "<" not in route:
                found[f"open {route}"] = Client().get(f"/{route}")
        transaction.set_rollback(True)
    return found


@pytest.fixture
def seen(alice: APIClient, alice_browser: Client, things: dict[str, str], media: Path) -> dict[str, Any]:
    return answers(alice, alice_browser, things)


def test_c6_every_answer_has_its_headers(seen: dict[str, Any]) -> None:
    of_links = {(route, "Referrer-Policy") for route in LINK_PAGES}
    assert {seen[route].headers["Referrer-Policy"] for route in LINK_PAGES} == {"strict-origin"}
    missing = {
        route: wrong
        for route, answer in seen.items()
        if (
            wrong := {
                name: answer.headers.get(name)
                for name, value in EVERYWHERE.items()
                if answer.headers.get(name) not in (value, "no-referrer") and (route, name) not in of_links
            }
        )
    }
    assert missing == {}


def test_c6_every_policy_is_strict(seen: dict[str, Any]) -> None:
    policies = {route: answer.headers.get("Content-Security-Policy", "") for route, answer in seen.items()}
    for route, policy in policies.items():
        assert "default-src 'none'" in policy, route
        assert "frame-ancestors 'none'" in policy, route
        assert "object-src 'none'" in policy, route
        assert "base-uri 'none'" in policy, route
        assert "unsafe-" not in policy, route
        assert "*" not in policy, route


def test_j16_what_sets_a_cookie_is_kept_by_no_cache(seen: dict[str, Any]) -> None:
    """Set-Cookie in a shared cache hands one person's session to another."""
    kept = {
        route: answer.headers.get("Cache-Control", "")
        for route, answer in seen.items()
        if answer.cookies and "no-store" not in answer.headers.get("Cache-Control", "")
    }
    assert kept == {}


def test_c4_no_other_site_is_let_in(alice: APIClient) -> None:
    """There is no CORS at all: nothing is reflected, and a preflight gets no permission."""
    for answer in (
        alice.get("/api/auth/me", HTTP_ORIGIN="https://evil.test"),
        alice.options("/api/auth/me", HTTP_ORIGIN="https://evil.test"),
        alice.options("/api/auth/refresh", HTTP_ORIGIN="null", HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"),
    ):
        assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/", "/api/auth/me", "/login"])
def test_a_foreign_host_is_refused_by_us_and_not_by_a_debug_page(
    client: Client, settings: Settings, path: str, debug: bool
) -> None:
    settings.DEBUG = debug
    answer = client.get(path, headers={"Host": "evil.test"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-host")
    assert "Traceback" not in answer.text
    assert "ALLOWED_HOSTS" not in answer.text


@pytest.mark.parametrize(("path", "status"), [("/library%00", 404), ("/api/v1/renders?cursor=%00", 400)])
def test_a_nul_in_an_address_never_reaches_the_database(alice: APIClient, path: str, status: int) -> None:
    assert alice.get(path).status_code == status
