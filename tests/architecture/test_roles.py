"""The table of roles: written down in the docs, and true of every endpoint and page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve
from rest_framework.test import APIClient

from accounts import services
from cutroom import clock
from tenants import roles
from tenants.context import tenant_context
from tenants.permissions import capability_of
from tenants.roles import TABLE, Capability
from tests.architecture.test_tenant_matrix import answer_to, endpoints
from tests.cast import Cast, browser_of

REGENERATE = (
    ".venv/bin/python manage.py shell -v0 -c "
    "'from tenants.roles import as_markdown; print(as_markdown(), end=\"\")' > docs/roles.md"
)

# Nothing asks for these yet; what does takes its line away. An export asks by itself how much it may hold.
NOT_BUILT = {Capability.EXPORT_TENANT, Capability.DELETE_TENANT}


@pytest.fixture
def key(cast: Cast, things: dict[str, str]) -> APIClient:
    """A program with Acme's API key, made after that of `things`, which it replaces."""
    with tenant_context(cast.acme.pk):
        plain, _ = services.rotate_api_key(user_id=cast.alice.pk, grace=timedelta(hours=1), at=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def every_deed(things: dict[str, str]) -> Iterator[tuple[str, str, Capability | None]]:
    """Method and path of every endpoint, and the capability it asks for."""
    for endpoint in endpoints():
        path = endpoint.path(things)
        view: Any = getattr(resolve(path).func, "cls", None)
        for method in endpoint.methods:
            is_guarded = hasattr(view, "capability")
            yield method, path, capability_of(view(), method.upper()) if is_guarded else None


def is_denied(client: APIClient, method: str, path: str) -> bool:
    """Is this refused to the caller? Whatever it did is taken back."""
    with transaction.atomic():
        answer = answer_to(client, method, path)
        transaction.set_rollback(True)
    return bool(answer.status_code == 403 and answer.json()["code"] == "permission-denied")


def test_the_docs_have_the_table() -> None:
    listed = Path(settings.BASE_DIR, "docs", "roles.md").read_text()
    assert listed == roles.as_markdown(), f"Run: {REGENERATE}"


def test_every_capability_has_its_rule() -> None:
    assert set(TABLE) == set(Capability)
    assert all(rule.creator or not rule.api_key for rule in TABLE.values()), "A key is at most a creator."


def test_every_endpoint_holds_the_table(
    alice: APIClient,
    bob: APIClient,
    things: dict[str, str],
    media: Path,
) -> None:
    """An endpoint that refuses creators by anything but a capability fails here, too."""
    found, wanted = {}, {}
    for method, path, capability in every_deed(things):
        deed = f"{method} {path} ({capability})"
        wanted[deed] = (False, capability is not None and not TABLE[capability].creator)
        found[deed] = (is_denied(alice, method, path), is_denied(bob, method, path))
    assert found == wanted


def test_every_endpoint_holds_the_table_for_keys(
    key: APIClient,
    things: dict[str, str],
    media: Path,
) -> None:
    """What asks for no capability may still want a person, such as the list of one's devices."""
    deeds = [(method, path, asked) for method, path, asked in every_deed(things) if asked is not None]
    assert {path: is_denied(key, method, path) for method, path, _ in deeds} == {
        path: not TABLE[asked].api_key for _, path, asked in deeds
    }


def test_what_creators_may_not_do_is_asked_for_somewhere(things: dict[str, str]) -> None:
    asked = {capability for _, _, capability in every_deed(things)}
    assert {each for each, rule in TABLE.items() if not rule.creator} - asked <= NOT_BUILT


def pages(things: dict[str, str]) -> Iterator[tuple[str, Capability]]:
    """The path of every page that asks for a capability, with it."""
    for route, view in page_routes(get_resolver().url_patterns, ""):
        path = route
        for name, value in things.items():
            path = path.replace(f"<{name}>", value)
        if hasattr(view, "capability"):
            # Whoever may not is refused before anybody looks for the thing.
            yield "/" + re.sub(r"<[^>]+>", "x", path), view.capability


def page_routes(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from page_routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def page_status(browser: Client, path: str) -> int:
    """What a form without fields gets, in answer to a POST where the page takes one. It is taken back."""
    with transaction.atomic():
        answer = browser.post(path, {})
        if answer.status_code == 405:
            answer = browser.get(path)
        transaction.set_rollback(True)
    return int(answer.status_code)


def test_every_page_holds_the_table(cast: Cast, things: dict[str, str]) -> None:
    guarded = list(pages(things))
    assert len(guarded) >= 10
    for path, capability in guarded:
        alice, bob = browser_of(cast.alice, cast.acme), browser_of(cast.bob, cast.acme)
        assert page_status(alice, path) != 403, path
        assert (page_status(bob, path) == 403) == (not TABLE[capability].creator), path
        assert Client().post(path, {}).headers.get("Location", "/login").startswith("/login"), path
