"""Redis is empty, silent, slow, full or read-only: nothing is lost or done twice, quota stays exact."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import redis
from django.conf import settings
from django.db import connections

from cutroom import dispatch
from metering.models import QuotaCounter
from rendering.models import JobState, Project, RenderJob
from tenants.context import tenant_context
from tests.cast import Cast
from tests.chaos.conftest import Submit
from tests.chaos.holding import steps_of
from tests.chaos.proxy import Proxy, proxy_before
from tests.chaos.site import Site
from tests.chaos.site import site as running_site
from tests.workers import WorkerGroup, finish, wait_until, workers

pytestmark = pytest.mark.committed


@dataclass(frozen=True)
class Behind:
    """A web server and a worker that reach Redis through a proxy."""

    proxy: Proxy
    site: Site
    worker: WorkerGroup


@pytest.fixture(scope="module")
def behind_of_module(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """Started once for the module."""
    logs = tmp_path_factory.mktemp("behind-redis")
    with proxy_before(os.environ["REDIS_URL"]) as (proxy, url):
        extra = {"REDIS_URL": url}
        with (
            running_site(log=logs / "web.log", extra=extra) as site,
            workers(log=logs / "worker.log", extra=extra) as worker,
        ):
            yield Behind(proxy, site, worker)


@pytest.fixture
def behind(behind_of_module: Behind, transactional_db: None) -> Iterator[Behind]:
    """Without faults, before and after."""
    behind_of_module.worker.revive()
    yield behind_of_module
    heal(behind_of_module.proxy)


@pytest.fixture
def alice(behind: Behind, committed_cast: Cast) -> Iterator[httpx.Client]:
    """Alice over HTTP."""
    with behind.site.client(committed_cast.alice, committed_cast.acme) as client:
        yield client


def heal(proxy: Proxy) -> None:
    proxy.is_refusing, proxy.latency_seconds, proxy.jitter_seconds, proxy.slice_bytes = False, 0.0, 0.0, 0
    proxy.flow()


def the_job(project: Project) -> RenderJob:
    with tenant_context(project.tenant_id):
        return RenderJob.objects.get()


def stitch(client: httpx.Client) -> httpx.Response:
    return client.post("/api/v1/projects/tides/render/stitch", json={"resolution": "720p", "fps": 24})


@pytest.mark.fault(6)
def test_redis_is_down_before_the_submit(behind: Behind, alice: httpx.Client, project: Project) -> None:
    behind.proxy.is_refusing = True
    behind.proxy.reset()
    assert stitch(alice).status_code == 202
    meters = {row["meter"]: row for row in alice.get("/api/v1/usage").json()["meters"]}
    with tenant_context(project.tenant_id):
        held = QuotaCounter.objects.get(meter="images_count").held
    assert meters["images_count"]["held"] == held == 2
    heal(behind.proxy)
    assert finish(the_job(project)).state == JobState.SUCCEEDED


@pytest.mark.fault(7)
def test_redis_takes_connections_and_never_answers(
    behind: Behind, alice: httpx.Client, project: Project
) -> None:
    behind.proxy.stall()
    behind.proxy.accepted = 0
    assert stitch(alice).status_code == 202
    for _ in range(20):
        assert alice.get("/api/v1/usage").status_code == 200
        assert alice.get("/api/v1/renders").status_code == 200
    # A breaker asks once in a while; without one each of the forty would have waited for a time-out.
    assert behind.proxy.accepted < 10
    heal(behind.proxy)
    behind.proxy.reset()
    assert finish(the_job(project)).state == JobState.SUCCEEDED


@pytest.mark.fault(8)
def test_redis_is_emptied_in_the_middle(behind: Behind, project: Project, submit: Submit) -> None:
    job = submit("final")
    wait_until(lambda: bool(steps_of(job)), what="the job to begin")
    redis.from_url(settings.REDIS_URL).flushall()
    assert finish(job).state == JobState.SUCCEEDED


@pytest.mark.fault(9)
@pytest.mark.parametrize(
    ("ill", "well"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    ],
    ids=["full", "read-only"],
)
def test_redis_refuses_every_write(
    ill: tuple[str, ...], well: tuple[str, ...], behind: Behind, alice: httpx.Client, project: Project
) -> None:
    server: Any = redis.from_url(settings.REDIS_URL)
    server.execute_command(*ill)
    try:
        assert stitch(alice).status_code == 202
        assert alice.get("/api/v1/usage").status_code == 200
    finally:
        server.execute_command(*well)
    # Celery takes an answer it does not know as its end; whoever supervises it starts it again.
    assert finish(the_job(project), watch=lambda _: behind.worker.revive()).state == JobState.SUCCEEDED


@pytest.mark.fault(10)
def test_the_line_to_redis_is_slow_and_breaks(behind: Behind, alice: httpx.Client, project: Project) -> None:
    behind.proxy.latency_seconds, behind.proxy.jitter_seconds = 0.05, 0.05
    behind.proxy.slice_bytes = 400
    assert stitch(alice).status_code == 202
    job = the_job(project)
    breaks = iter(range(3))

    def break_it(_: RenderJob) -> None:
        if next(breaks, None) is not None:
            behind.proxy.reset()

    ended = finish(job, watch=break_it)
    assert ended.state == JobState.SUCCEEDED
    assert {step.attempt for step in steps_of(job).values()} == {1}


@pytest.mark.fault(11)
def test_the_same_doorbell_ten_times_and_a_thousand_stale_ones(
    behind: Behind, project: Project, submit: Submit
) -> None:
    kinds = ("image", "narration", "segment", "sound", "stitch")
    for number in range(1000):
        dispatch.ring("rendering.run_step", queue=kinds[number % 5], kind=kinds[number % 5])
    job = submit()
    for _ in range(10):
        dispatch.ring("rendering.start_jobs", tenant_id=str(job.tenant_id))
        dispatch.ring("rendering.start_job", tenant_id=str(job.tenant_id), job_id=str(job.pk))
    assert finish(job).state == JobState.SUCCEEDED
    assert {step.attempt for step in steps_of(job).values()} == {1}


@pytest.mark.fault(35)
def test_progress_is_followed_over_a_line_that_is_dropped(
    behind: Behind, alice: httpx.Client, project: Project
) -> None:
    events_url = stitch(alice).json()["events_url"]
    last_id = ""

    def is_done() -> bool:
        nonlocal last_id
        # Dropped after one event, and asked for what came after it.
        event, last_id = one_event(alice, events_url, after=last_id)
        return event == "done"

    with ThreadPoolExecutor(1) as pool:
        # Somebody has to sweep meanwhile, as beat does.
        ended = pool.submit(finish_in_a_thread, the_job(project))
        wait_until(is_done, what="the end to be heard")
        assert ended.result().state == JobState.SUCCEEDED


def finish_in_a_thread(job: RenderJob) -> RenderJob:
    try:
        return finish(job)
    finally:
        connections.close_all()


def one_event(client: httpx.Client, url: str, *, after: str) -> tuple[str, str]:
    """Name and id of the next event of a stream."""
    headers = {"Last-Event-ID": after} if after else {}
    fields: dict[str, str] = {}
    with client.stream("GET", url, headers=headers) as events:
        for line in events.iter_lines():
            if not line and "event" in fields:
                break
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields.get("event", ""), fields.get("id", after)
