"""Fixtures of the fault tests: a tenant with a script, committed, so that other processes see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cutroom import clock
from rendering import services
from rendering.models import Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos import invariants
from tests.chaos.site import Site
from tests.chaos.site import site as running_site
from tests.workers import WorkerGroup

# Said by espeak, whose voice is there at once.
LINES = ["Das Meer steigt.", "Der Mond zieht."]

Submit = Callable[..., RenderJob]


@pytest.fixture
def project(committed_cast: Cast) -> Project:
    """Acme's project of two short scenes."""
    with tenant_context(committed_cast.acme.pk):
        return make_project("tides", LINES)


def make_project(slug: str, lines: list[str], *, language: str = "de") -> Project:
    """A project of the tenant in context."""
    project = Project.objects.create(slug=slug, title=slug.title(), language=language)
    for position, line in enumerate(lines):
        Scene.objects.create(project=project, position=position, narration=line)
    return project


@pytest.fixture
def submit(project: Project) -> Submit:
    """Ask for a small render of the project; a draft, unless `quality` says otherwise."""

    def ask(quality: str = "draft", *, of: Project = project) -> RenderJob:
        with tenant_context(of.tenant_id):
            return services.submit(
                project=of, resolution="720p", fps=24, quality=quality, user_id=None, at=clock.now()
            )

    return ask


@pytest.fixture(scope="module")
def crash_points(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory in which a file arms a crash point of the module's processes."""
    return tmp_path_factory.mktemp("crash-points")


@pytest.fixture
def arm(crash_points: Path) -> Iterator[Callable[[str], Path]]:
    """Arm a crash point (`name`), or a pause (`name.pause`); the file is gone once it was met."""

    def touch(name: str) -> Path:
        path = crash_points / name
        path.touch()
        return path

    yield touch
    for path in crash_points.iterdir():
        path.unlink()


class Crew:
    """A worker that all tests of a module share; a new one when it was killed. Starting one takes seconds."""

    def __init__(self, *, log: Path, crash_points: Path) -> None:
        self.log = log
        self._extra = {"CUTROOM_CRASH_POINTS": str(crash_points), "OUTGOING_PRIVATE": "true"}
        self._group: WorkerGroup | None = None

    @property
    def group(self) -> WorkerGroup:
        """The worker, alive."""
        if self._group is None or self._group.process.poll() is not None:
            self._group = WorkerGroup(log=self.log, extra=self._extra)
        return self._group

    def stop(self) -> None:
        """The end of the module, or until a test asks for it again."""
        if self._group is not None:
            self._group.stop()


@pytest.fixture(scope="module")
def crew_of_module(
    django_db_setup: None, crash_points: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crew]:
    """See Crew."""
    crew = Crew(log=tmp_path_factory.mktemp("crew") / "worker.log", crash_points=crash_points)
    yield crew
    crew.stop()


@pytest.fixture
def crew(crew_of_module: Crew, transactional_db: None) -> Iterator[WorkerGroup]:
    """The module's worker; what it wrote during the test is shown when the test fails."""
    group = crew_of_module.group
    begins = crew_of_module.log.stat().st_size if crew_of_module.log.exists() else 0
    yield group
    with crew_of_module.log.open("rb") as log:
        log.seek(begins)
        print(log.read().decode(errors="replace")[-4000:])


@pytest.fixture
def nobody_at_work(crew_of_module: Crew) -> None:
    """The module's worker has ended: else it takes the steps of others, or of nobody."""
    crew_of_module.stop()


@pytest.fixture
def worker_log(nobody_at_work: None, worker_log: Path) -> Path:
    """As everywhere; whoever starts workers of its own has no others beside them."""
    return worker_log


@pytest.fixture
def crew_log(crew_of_module: Crew) -> Path:
    """Where the module's worker writes."""
    return crew_of_module.log


@pytest.fixture(scope="module")
def site_of_module(
    django_db_setup: None, crash_points: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One web server for all tests of a module that need no settings of their own."""
    log = tmp_path_factory.mktemp("site") / "web.log"
    with running_site(log=log, extra={"CUTROOM_CRASH_POINTS": str(crash_points)}) as site:
        yield site


@pytest.fixture
def site(site_of_module: Site, transactional_db: None) -> Iterator[Site]:
    """The module's web server; it never answers 500."""
    begins = site_of_module.log.stat().st_size
    yield site_of_module
    invariants.assert_no_bug_was_answered(site_of_module.log, begins=begins)


@pytest.fixture
def alice_at_site(site: Site, committed_cast: Cast) -> Iterator[httpx.Client]:
    """Alice over HTTP."""
    with site.client(committed_cast.alice, committed_cast.acme) as client:
        yield client
