"""Fixtures of the fault tests: a tenant with a script, committed, so that worker processes see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from cutroom import clock
from rendering import scratch, services
from rendering.models import Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos import invariants
from tests.workers import wait_until

LINES = [
    "Twice a day the sea walks up the creek, and twice a day it walks back.",
    "The moon pulls, the water follows, and nobody has to pay for it.",
    "At high water a gate closes by itself and keeps a pond full of sea.",
]

Submit = Callable[[], RenderJob]


@pytest.fixture
def project(committed_cast: Cast) -> Project:
    """Acme's project of three scenes."""
    with tenant_context(committed_cast.acme.pk):
        project = Project.objects.create(slug="tides", title="Tides")
        for position, line in enumerate(LINES):
            Scene.objects.create(project=project, position=position, narration=line)
    return project


@pytest.fixture
def submit(project: Project) -> Submit:
    """Ask for a small render of the project."""

    def ask() -> RenderJob:
        with tenant_context(project.tenant_id):
            return services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())

    return ask


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """After each test no media process or ffmpeg remains, and the sweeper finds every temporary file."""
    before = invariants.media_processes()
    yield
    wait_until(lambda: not invariants.media_processes() - before, what="media processes to end")
    wait_until(lambda: scratch.reap() >= 0 and not invariants.scratch_files(), what="scratch to be reaped")


@pytest.fixture(autouse=True)
def short_leases(settings: settings) -> None:  # type: ignore[valid-type]  # pytest-django's fixture
    """The sweeper of the test process believes the same leases as the workers."""
    settings.RENDERING_DOORBELL_PATIENCE_SECONDS = 2  # type: ignore[attr-defined]  # pytest-django's fixture
