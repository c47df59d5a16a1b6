"""Nobody reaches another tenant's things: every endpoint of the URL map, asked by a foreigner and a stranger.

A new endpoint is covered as soon as it has a URL. One whose path names a thing that the fixture `things` does
not make fails here until somebody adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts import invitations
from accounts import services as account_services
from cutroom import clock
from gdpr.export.models import Export
from rendering import services
from rendering.intake import receiving
from rendering.models import Asset, AssetKind, Project, Scene
from rendering.providers.models import ScriptDraft
from tenants import webhooks
from tenants.context import tenant_context
from tenants.models import Membership, Role
from tests.cast import Cast, open_session

SAFE = frozenset({"get", "head", "options"})

# Open to everybody on purpose: signing in, and the description of the API.
OPEN = frozenset(
    {
        "api/auth/magic-link/request",
        "api/auth/magic-link/verify",
        "api/account/undo-delete",
        "api/auth/second-factor",
        "api/auth/refresh",
        "api/schema",
        "api/docs",
        # Scanners of public code sign their reports; others get 401 (tests/accounts/test_leaks.py).
        "api/auth/leaked-keys",
        # Stripe signs what it sends here; whoever cannot gets 400 (tests/billing/test_webhooks.py).
        "api/billing/webhook/<uuid:endpoint>",
        "api/<path:path>",
    }
)


@dataclass(frozen=True)
class Endpoint:
    """One route of the API and the methods its view answers."""

    route: str
    names: tuple[str, ...]
    methods: tuple[str, ...]

    def path(self, things: dict[str, str]) -> str:
        """The route with Acme's things in it."""
        path = self.route
        for name in self.names:
            path = path.replace(f"<{name}>", things[name])
        return f"/{path}"


@cache
def endpoints() -> list[Endpoint]:
    """Every route under /api/ that is not open to everybody."""
    found = _walk(get_resolver().url_patterns, "")
    return [each for each in found if each.route.startswith("api/") and each.route not in OPEN]


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Endpoint]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
            continue
        names = tuple(part.split(">")[0] for part in route.split("<")[1:])
        view = getattr(pattern.callback, "cls", None)
        methods = [method for method in view.http_method_names if hasattr(view, method)] if view else ["get"]
        yield Endpoint(route, names, tuple(method for method in methods if method not in ("head", "options")))


@pytest.fixture
def things(cast: Cast) -> dict[str, str]:
    """One thing of Acme's for each name that may stand in a path."""
    with tenant_context(cast.acme.pk):
        project = Project.objects.create(slug="secret-project", title="Secret")
        scene = Scene.objects.create(project=project, position=1, narration="Nobody else may hear this.")
        asset = Asset.objects.create(
            project=project,
            kind=AssetKind.IMAGE,
            name="secret.jpg",
            content_type="image/jpeg",
            size_bytes=1,
            sha256="0" * 64,
            storage_key=f"tenants/{cast.acme.pk}/assets/secret.jpg",
        )
        job = services.submit(
            project=project, resolution="720p", fps=24, user_id=cast.alice.pk, at=clock.now()
        )
        at = job.created_at
        draft = ScriptDraft.objects.create(topic="Secret topic", not_before=at, created_at=at)
        upload = receiving.begin(project=project, name="secret.mp4", length=9, user_id=None, at=at)
        endpoint, _ = webhooks.create_endpoint(url="https://hooks.example.org/acme", event_types=[])
        delivery = webhooks.send_test(endpoint)
        member = Membership.objects.get(user=cast.bob)
        [invitation] = invitations.invite(
            emails=["guest@acme.test"], role=Role.CREATOR, inviter_id=cast.alice.pk, at=clock.now()
        )
        _, key = account_services.rotate_api_key(user_id=cast.alice.pk, grace=timedelta(), at=job.created_at)
        export = Export.objects.create(
            name="export-acme-20261123_120000.zip",
            is_whole=True,
            user_id=cast.alice.pk,
            created_at=job.created_at,
        )
    return {
        "slug:slug": project.slug,
        "uuid:scene_id": str(scene.pk),
        "uuid:asset_id": str(asset.pk),
        "uuid:render_id": str(job.pk),
        "uuid:draft_id": str(draft.pk),
        "uuid:upload_id": str(upload.pk),
        "uuid:endpoint_id": str(endpoint.pk),
        "uuid:delivery_id": str(delivery.pk),
        "uuid:key_id": str(key.pk),
        "uuid:export_id": str(export.pk),
        "str:name": export.name,
        "uuid:member_id": str(member.pk),
        "uuid:invite_id": str(invitation.pk),
        "str:session": str(open_session(cast.alice, cast.acme).pk),
    }


def answer_to(client: APIClient, method: str, path: str) -> Any:
    """The answer to a request with a body that hurts nobody."""
    if path.endswith("/assets") and method == "post":
        body = {"file": SimpleUploadedFile("x.png", b"x")}
        return client.post(path, body, format="multipart")
    send: Callable[..., Any] = getattr(client, method)
    return send(path) if method in SAFE else send(path, {})


def ask(client: APIClient, method: str, path: str) -> int:
    """The status of that answer."""
    return int(answer_to(client, method, path).status_code)


def test_the_map_is_read() -> None:
    routes = {endpoint.route for endpoint in endpoints()}
    assert "api/v1/renders/<uuid:render_id>" in routes
    assert len([endpoint for endpoint in endpoints() if endpoint.names]) >= 15


def test_a_foreigner_finds_nothing(charlie: APIClient, things: dict[str, str], media: Path) -> None:
    found = {
        f"{method} {endpoint.route}": status
        for endpoint in endpoints()
        if endpoint.names
        for method in endpoint.methods
        if (status := ask(charlie, method, endpoint.path(things))) != 404
    }
    assert found == {}


def test_the_owner_finds_everything(alice: APIClient, things: dict[str, str], media: Path) -> None:
    """Else the foreigner's 404 would prove nothing. Files do not exist here, so their routes may be 404."""
    lost = {
        f"get {endpoint.route}"
        for endpoint in endpoints()
        if endpoint.names and "get" in endpoint.methods and ask(alice, "get", endpoint.path(things)) == 404
    }
    renders = "get api/v1/renders/<uuid:render_id>"
    files = {f"{renders}/{name}" for name in ("video", "poster", "captions.vtt", "captions.srt")}
    files.add("get api/v1/projects/<slug:slug>/assets/<uuid:asset_id>/file")
    # Nothing was published yet.
    files.add(f"{renders}/publish/youtube")
    assert lost == files


def test_a_stranger_is_turned_away_everywhere(
    stranger: APIClient, things: dict[str, str], media: Path
) -> None:
    let_in = {
        f"{method} {endpoint.route}": status
        for endpoint in endpoints()
        for method in endpoint.methods
        if (status := ask(stranger, method, endpoint.path(things))) not in (401, 403)
    }
    assert let_in == {}


def test_lists_show_no_trace_of_another_tenant(charlie: APIClient, things: dict[str, str]) -> None:
    for endpoint in endpoints():
        if not endpoint.names and "get" in endpoint.methods:
            answer = charlie.get(f"/{endpoint.route}")
            text = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            seen = [thing for thing in things.values() if thing.encode() in text]
            assert seen == [], endpoint.route
