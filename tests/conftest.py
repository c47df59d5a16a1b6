"""What every test has: servers, a database as the app role, an empty Redis, no network and no leaks.

Markers: `committed` for tests that need real commits (threads, worker processes, more than one role).
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from cutroom import embedded, environment
from tenants.context import tenant_id_or_none
from tests import database

pytest_plugins = ["tests.browsers", "tests.buckets", "tests.cast", "tests.faults"]

COMMITTING_FIXTURES = {"committed_cast", "transactional_db", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers of this process; in a divided run each process that runs tests has its own."""
    config.addinivalue_line(
        "markers", "committed: commits for real, on all aliases; tables are emptied after"
    )
    var = embedded.var_dir()
    if config.option.dist != "no":
        if len(environment.embedded_servers(var)) < 2:
            raise pytest.UsageError(
                "Tests stop and empty their servers. With yours, run them in one process: -n 0"
            )
        return
    shutil.rmtree(var / "media", ignore_errors=True)
    config.add_cleanup(environment.start_services(var).stop)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test of the marker `committed` pytest-django's transaction tests on all aliases.

    A transaction test that does not name the owner would not be cleaned up, so there is no other kind.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        is_committed = (
            item.get_closest_marker("committed") is not None
            or item.get_closest_marker("fault") is not None
            or COMMITTING_FIXTURES & set(getattr(item, "fixturenames", ()))
            or (marker is not None and marker.kwargs.get("transaction"))
        )
        if is_committed:
            committed = pytest.mark.django_db(transaction=True, databases=database.ALIASES)
            item.add_marker(committed, append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI a skipped test is a failed one: nothing may quietly stop being tested."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # pluggy sends the result in
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report  # type: ignore[return-value]  # the protocol of pluggy's wrappers


def pytest_collection_finish() -> None:
    """Python need not look through all modules and tests again whenever it looks for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Replaces pytest-django's: a database copied from a template, used by three roles."""
    name = "test_cutroom"
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: database.empty())
    with django_db_blocker.unblock():
        database.create(name)
    yield
    patch.undo()
    with django_db_blocker.unblock():
        database.destroy(name)


@pytest.fixture(autouse=True)
def _no_tenant_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, it ends outside every tenant: in Python, and on the connection."""
    uses_database = bool(
        request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames)
    )
    if uses_database:
        # Set up before us, so that its transaction is still open when we look.
        request.getfixturevalue("_django_db_helper")
    yield
    assert tenant_id_or_none() is None
    if not uses_database or connection.connection is None or connection.needs_rollback:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.tenant_id', true), '')")
        assert cursor.fetchone() == ("",), "a tenant was left behind on the connection"


@pytest.fixture(scope="session")
def _redis() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _empty_redis(_redis: redis.Redis) -> None:
    """No limit has been counted yet and no message waits."""
    _redis.flushdb()


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    """A storage root of this test's own."""
    root = tmp_path / "media"
    root.mkdir()
    backend = "django.core.files.storage.FileSystemStorage"
    stores = {"default": {"BACKEND": backend, "OPTIONS": {"location": str(root)}}}
    settings.STORAGES = {**settings.STORAGES, **stores}
    return root


@pytest.fixture
def worker_log(tmp_path: Path) -> Iterator[Path]:
    """Where the workers of one test write; shown when the test fails."""
    log = tmp_path / "worker.log"
    log.touch()
    yield log
    print(log.read_text()[-4000:])
