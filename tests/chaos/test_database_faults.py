"""PostgreSQL restarts, breaks off, refuses and locks: every answer is known in the end, and charged once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from django.db import DatabaseError, connections, transaction
from psycopg import sql

from cutroom import clock
from metering.models import QuotaCounter
from rendering import services
from rendering.models import JobState, Project, RenderJob
from tenants.context import tenant_context
from tests import database
from tests.cast import Cast
from tests.chaos.conftest import Submit
from tests.chaos.holding import steps_of
from tests.chaos.proxy import Proxy, proxy_before
from tests.chaos.site import Site, code_of
from tests.chaos.site import site as running_site
from tests.chaos.test_failures import sleeping_in
from tests.workers import WorkerGroup, finish, wait_until, worker_environment, workers

pytestmark = pytest.mark.committed

Arm = Callable[[str], Path]
STATEMENT_TIMEOUT_MS = 3000
# Raises as often as it is told to; what a sequence counted, no rollback takes back.
SABOTAGE = """
CREATE SEQUENCE chaos_refusals MAXVALUE 100000;
GRANT ALL ON SEQUENCE chaos_refusals TO PUBLIC;
CREATE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('chaos_refusals') <= {times} THEN
        RAISE EXCEPTION 'chaos' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chaos BEFORE {when} FOR EACH ROW EXECUTE FUNCTION chaos_refuse();
"""
READ_ONLY = sql.SQL("SET default_transaction_read_only = on")
WRITABLE = sql.SQL("RESET default_transaction_read_only")
MEND = "DROP FUNCTION chaos_refuse() CASCADE; DROP SEQUENCE chaos_refusals"
ON_SUBMIT = "INSERT ON rendering_renderjob"
ON_SUCCESS = "UPDATE OF output ON rendering_renderstep"


@dataclass(frozen=True)
class Behind:
    """A web server and a worker that reach PostgreSQL through a proxy."""

    proxy: Proxy
    site: Site
    worker: WorkerGroup


@pytest.fixture(scope="module")
def behind_of_module(
    django_db_setup: None, crash_points: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    """Started once for the module."""
    logs = tmp_path_factory.mktemp("behind-postgres")
    with proxy_before(worker_environment({})["DATABASE_URL"]) as (proxy, url):
        extra = {"CUTROOM_CRASH_POINTS": str(crash_points), "DATABASE_POOL_WAIT_SECONDS": "1"}
        limited = f"{url}&options=-c%20statement_timeout%3D{STATEMENT_TIMEOUT_MS}"
        with (
            running_site(log=logs / "web.log", extra={**extra, "DATABASE_URL": limited}) as site,
            workers(log=logs / "worker.log", extra={**extra, "DATABASE_URL": url}, concurrency=1) as worker,
        ):
            yield Behind(proxy, site, worker)


@pytest.fixture
def behind(behind_of_module: Behind, transactional_db: None) -> Behind:
    """Between two tests everything is well."""
    return behind_of_module


@pytest.fixture
def alice(behind: Behind, committed_cast: Cast) -> Iterator[httpx.Client]:
    """Alice over HTTP."""
    with behind.site.client(committed_cast.alice, committed_cast.acme) as client:
        # The pool may still be connecting again after the fault before.
        wait_until(lambda: client.get("/api/v1/renders").status_code == 200, what="the site to be well again")
        yield client


def stitch(client: httpx.Client) -> httpx.Response:
    return client.post("/api/v1/projects/tides/render/stitch", json={"resolution": "720p", "fps": 24})


def assert_come_back(response: httpx.Response) -> None:
    """The refusal of an outage: documented, and when to come back."""
    assert code_of(response) == (503, "unavailable"), response.text
    assert int(response.headers["Retry-After"]) > 0


def as_owner(statement: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
    connections["owner"].close()


@contextmanager
def refused(when: str, *, code: str, times: int) -> Iterator[None]:
    """PostgreSQL refuses something, a number of times, with a code of its own."""
    as_owner(SABOTAGE.format(when=when, code=code, times=times))
    try:
        yield
    finally:
        as_owner(MEND)


@contextmanager
def altered(setting: sql.SQL, back: sql.SQL) -> Iterator[None]:
    """The test database with another setting; it counts for new connections."""
    name = sql.Identifier(str(connections["owner"].settings_dict["NAME"]))
    with database.maintenance() as server:
        server.execute(sql.SQL("ALTER DATABASE {} ").format(name) + setting)
        try:
            yield
        finally:
            server.execute(sql.SQL("ALTER DATABASE {} ").format(name) + back)


@pytest.mark.fault(12)
def test_postgresql_crashes_in_the_middle_and_recovers(behind: Behind, submit: Submit, arm: Arm) -> None:
    arm("before-store.pause")
    job = submit("final")
    sleeper = sleeping_in(behind.worker)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    # A backend that is killed makes the server end all others and recover from its log.
    assert not has_lost_us()
    os.kill(backend, signal.SIGKILL)
    wait_until(has_lost_us, what="PostgreSQL to notice")
    database.close_connections()
    wait_until(answers, what="PostgreSQL to recover")
    ready = f"{behind.site.url}/readyz"
    wait_until(lambda: httpx.get(ready, timeout=60).status_code == 200, what="the site to recover")
    sleeper.resume()
    assert finish(job).state == JobState.SUCCEEDED


def has_lost_us() -> bool:
    """Has a connection that was open before ended?"""
    try:
        with connections["ops"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return True
    return False


def answers() -> bool:
    try:
        with database.maintenance() as server:
            server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    # A pool that failed to connect waits longer and longer before it tries again.
    database.close_connections()
    return True


@pytest.mark.fault(12)
@pytest.mark.parametrize("counts", [True, False], ids=["it counted", "it did not"])
def test_the_answer_to_a_commit_is_lost(counts: bool, behind: Behind, submit: Submit, arm: Arm) -> None:
    arm("before-job-commit.pause")
    job = submit()
    sleeper = sleeping_in(behind.worker)
    if counts:
        behind.proxy.cut_reply_to = b"COMMIT"
    else:
        behind.proxy.reset()
    sleeper.resume()
    ended = finish(job)
    assert behind.proxy.cut_reply_to is None
    assert ended.state == JobState.SUCCEEDED
    assert {step.crashes for step in steps_of(job).values()} == {0}


@pytest.mark.fault(13)
@pytest.mark.parametrize("code", ["40001", "40P01"], ids=["serialization", "deadlock"])
def test_a_lost_race_for_rows_is_tried_again_and_then_refused(
    code: str, behind: Behind, alice: httpx.Client, project: Project
) -> None:
    with refused(ON_SUBMIT, code=code, times=2):
        assert stitch(alice).status_code == 202
    with refused(ON_SUBMIT, code=code, times=50):
        assert_come_back(stitch(alice))
    with tenant_context(project.tenant_id):
        job = RenderJob.objects.get()
    with refused(ON_SUCCESS, code=code, times=2):
        assert finish(job).state == JobState.SUCCEEDED
    assert {step.crashes for step in steps_of(job).values()} == {0}


@pytest.mark.fault(14)
def test_there_is_no_connection_left(behind: Behind, alice: httpx.Client, project: Project) -> None:
    with altered(sql.SQL("CONNECTION LIMIT 0"), sql.SQL("CONNECTION LIMIT -1")):
        behind.proxy.reset()
        assert_come_back(alice.get("/api/v1/renders"))
        assert_come_back(stitch(alice))
        assert behind.site.is_alive()
    wait_until(lambda: alice.get("/api/v1/renders").status_code == 200, what="the site to recover alone")
    accepted = stitch(alice)
    assert accepted.status_code == 202
    assert finish(job_of(project, accepted)).state == JobState.SUCCEEDED


@pytest.mark.fault(15)
def test_another_writer_holds_the_counters(behind: Behind, alice: httpx.Client, project: Project) -> None:
    with tenant_context(project.tenant_id):
        job = services.submit(project=project, resolution="720p", fps=24, user_id=None, at=clock.now())
        services.cancel(job=job, at=clock.now())
    with transaction.atomic(using="owner"):
        locked = QuotaCounter.everywhere.using("owner").select_for_update()
        assert locked.filter(tenant_id=project.tenant_id).count()
        list(locked.filter(tenant_id=project.tenant_id))
        # As long as a statement may take, and no longer.
        assert_come_back(stitch(alice))
        answers: list[httpx.Response] = []
        waiter = threading.Thread(target=lambda: answers.append(stitch(alice)))
        waiter.start()
        wait_until(is_somebody_waiting, what="the request to wait for the row")
    waiter.join()
    assert answers[0].status_code == 202
    assert finish(job_of(project, answers[0])).state == JobState.SUCCEEDED


@pytest.mark.fault(16)
def test_the_database_is_read_only(
    behind: Behind, alice: httpx.Client, project: Project, submit: Submit
) -> None:
    job = submit()
    try:
        with altered(READ_ONLY, WRITABLE):
            behind.proxy.reset()
            wait_until(lambda: alice.get("/api/v1/renders").status_code == 200, what="reads to answer")
            assert_come_back(stitch(alice))
            assert_come_back(alice.patch("/api/v1/projects/tides", json={"title": "Other"}))
            assert behind.site.is_alive()
    finally:
        # A connection keeps the setting that it was opened with.
        behind.proxy.reset()
    assert finish(job).state == JobState.SUCCEEDED
    assert {step.failures + step.crashes for step in steps_of(job).values()} == {0}


@pytest.mark.fault(17)
def test_the_disk_of_the_database_is_full(behind: Behind, alice: httpx.Client, project: Project) -> None:
    with refused(ON_SUBMIT, code="53100", times=1):
        assert_come_back(stitch(alice))
        accepted = stitch(alice)
    with refused(ON_SUCCESS, code="53100", times=1):
        assert finish(job_of(project, accepted)).state == JobState.SUCCEEDED


def is_somebody_waiting() -> bool:
    with connections["ops"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def job_of(project: Project, accepted: httpx.Response) -> RenderJob:
    assert accepted.status_code == 202, accepted.text
    with tenant_context(project.tenant_id):
        return RenderJob.objects.get(pk=accepted.json()["id"])
