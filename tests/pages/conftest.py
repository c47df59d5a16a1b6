"""What the page tests share: a project at Acme, a filled library, and a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from cutroom import clock
from metering import services as metering
from metering.meters import Meter
from rendering import scripts, services
from rendering.keys import VIDEO_FILES, video_key
from rendering.media import host
from rendering.models import JobState, Project, RenderJob, Scene
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast, browser_of

SCRIPT = """Image: A still pond behind a stone mill
The tide fills the pond.

The gate falls shut.

The wheel turns, and the wheel grinds the flour.
"""


def make_mill(cast: Cast) -> Project:
    """Acme's project `mill`, with three scenes."""
    with tenant_context(cast.acme.pk):
        return scripts.create_project(title="Mill", script=SCRIPT)


def make_render(cast: Cast, project: Project, **fields: Any) -> RenderJob:
    """A render of the project in any state; files are stored for one that succeeded."""
    with tenant_context(cast.acme.pk):
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
        if fields.get("state") == JobState.SUCCEEDED:
            store_files(job)
            fields = {"progress": 100, "video_bytes": 4_100_000, "duration_ms": 15_000, **fields}
        RenderJob.objects.filter(pk=job.pk).update(**fields)
        job.refresh_from_db()
        return job


def store_files(job: RenderJob) -> None:
    """The poster is a picture; nobody could watch the rest."""
    for extension in VIDEO_FILES:
        key = video_key(job, extension)
        path = Path(os.environ["CUTROOM_VAR"]) / f"made-{job.pk}.{extension}"
        path.write_bytes(
            JPEG if extension == "jpg" else b"WEBVTT\n\n" if extension == "vtt" else b"\0" * 1000
        )
        storage.store_file(key, path)


def make_usage(cast: Cast) -> None:
    """Nine render minutes on every day of this month so far, and a stored video."""
    now = clock.now()
    with tenant_context(cast.acme.pk):
        for day in range(1, now.day + 1):
            metering.settle(
                tenant_id=cast.acme.pk,
                reservation_key="none",
                event_key=f"made:{day}",
                meter=Meter.RENDER,
                amount=9 * 60_000,
                subject=f"render:{uuid4()}",
                at=now.replace(day=day),
            )
        metering.record_level(
            tenant_id=cast.acme.pk,
            event_key="made",
            meter=Meter.STORAGE,
            delta=31 * 10**9,
            subject=f"render:{uuid4()}",
            at=now,
        )


# One grey pixel.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d"
    "3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffc0000b080001000101011100ffc400140001"
    "0000000000000000000000000000000bffc40014100100000000000000000000000000000000ffda0008010100003f0047ffd9"
)


@pytest.fixture(scope="session", autouse=True)
def _no_warm_child_left() -> Iterator[None]:
    """Uploads are decoded in a child process that stays warm for the next one."""
    yield
    host.stop_all()


@pytest.fixture
def mill(cast: Cast) -> Project:
    """Acme's project `mill`, with three scenes."""
    return make_mill(cast)


@pytest.fixture
def words_of(cast: Cast) -> Callable[[Project], list[str]]:
    """The narrations of a project, in order."""

    def read(project: Project) -> list[str]:
        with tenant_context(cast.acme.pk):
            scenes = Scene.objects.filter(project=project).order_by("position")
            return list(scenes.values_list("narration", flat=True))

    return read


@pytest.fixture
def signed_in(committed_cast: Cast) -> Client:
    """Bob, creator at Acme, for tests that serve real requests."""
    return browser_of(committed_cast.bob, committed_cast.acme)


def shelf_of_renders(cast: Cast, project: Project) -> dict[str, RenderJob]:
    """One render in every state, an hour apart."""
    error = {"code": "voice-missing", "detail": "No voice speaks this language yet.", "kind": "narration"}
    wanted: dict[str, dict[str, Any]] = {
        "running": {"state": JobState.RUNNING, "progress": 62, "started_at": clock.now()},
        "ready": {"state": JobState.SUCCEEDED, "charged": {"render_minutes": 15_000}},
        "degraded": {"state": JobState.SUCCEEDED, "degraded": ["Scene 2 uses the built-in voice."]},
        "failed": {"state": JobState.FAILED, "progress": 31, "error": error},
        "cancelled": {"state": JobState.CANCELLED, "progress": 12},
        "queued": {},
    }
    shelf = {}
    for hours, (name, fields) in enumerate(wanted.items()):
        created_at = clock.now() - timedelta(hours=hours)
        shelf[name] = make_render(cast, project, title=f"A {name} film", created_at=created_at, **fields)
    return shelf


OpenBrowser = Callable[..., BrowserContext]


@pytest.fixture
def acme(committed_cast: Cast, media: Path) -> tuple[Project, dict[str, RenderJob]]:
    """Acme with a project and a render in every state."""
    mill = make_mill(committed_cast)
    make_usage(committed_cast)
    return mill, shelf_of_renders(committed_cast, mill)


@pytest.fixture
def open_browser(chromium: Browser, live_server: LiveServer, signed_in: Client) -> Iterator[OpenBrowser]:
    """A browser in which Bob, or whoever `client` is, is signed in, unless told otherwise."""
    opened: list[BrowserContext] = []

    def open_one(*, is_signed_in: bool = True, client: Client = signed_in, **options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=live_server.url, **options)
        opened.append(context)
        if is_signed_in:
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
            context.add_cookies([cookie])
        return context

    yield open_one
    for context in opened:
        context.close()
