"""Fixtures of the fault tests: a tenant with a script, committed, so that worker processes see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cutroom import clock
from rendering import scratch, services
from rendering.models import Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos import invariants
from tests.workers import wait_until

LINES = [
    "The sea walks up the creek.",
    "The moon pulls.",
    "A gate closes by itself.",
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
