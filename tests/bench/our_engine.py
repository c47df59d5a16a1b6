"""The engine as `make run` starts it, with customers who ask for films over HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import TenantSubscription
from cutroom import environment, stack
from cutroom.client import ApiClient, UnexpectedAnswer
from cutroom.run import Stack, running_stack
from rendering.models import JobState, RenderJob
from tenants.context import tenant_context
from tests.bench import film, processes
from tests.bench.stopwatch import Effort

# Seldom enough to cost nothing; the end is read from the job itself.
POLL_SECONDS = 1.0


@contextmanager
def installation() -> Iterator[Stack]:
    """The installation that the environment describes, for as long as the block runs."""
    with running_stack(port=environment.port()) as running:
        try:
            yield running
        finally:
            _close_connections()


def worker(running: Stack) -> psutil.Process:
    """The main process of the Celery worker."""
    child = next(part.child for part in running.supervisor.parts if part.name == "worker")
    if child is None:
        raise LookupError("the worker does not run")
    return psutil.Process(child.process.pid)


@dataclass(frozen=True, kw_only=True)
class Render:
    """A succeeded job. `effort` is from the request to the end; the processor time is the worker's."""

    job: RenderJob
    effort: Effort


class Customer:
    """A tenant of its own, so that nothing it asks for is in the cache."""

    def __init__(self, running: Stack) -> None:
        self._running = running
        self._client = ApiClient(running.url)
        session = self._client.verify(self._client.request_link(f"bench-{secrets.token_hex(4)}@example.com"))
        self.token = str(session["access_token"])
        account = self._client.call("GET", "/api/auth/me").json()
        self.tenant_id = UUID(account["tenant"]["id"])

    def subscribe(self, plan: str) -> None:
        """Let the tenant have a plan, as if it had paid."""
        with tenant_context(self.tenant_id):
            TenantSubscription.objects.update_or_create(tenant_id=self.tenant_id, defaults={"plan": plan})

    def project(self, narrations: Sequence[str], *, stills: Sequence[Path] = ()) -> str:
        """A project with one scene a narration; with stills, each scene gets its own. Returns its slug."""
        body = {"title": "Tide mill", "script": "\n\n".join(narrations)}
        project = self._client.call("POST", "/api/v1/projects", json=body, expect=201).json()
        path = f"/api/v1/projects/{project['slug']}"
        for number, still in enumerate(stills):
            with still.open("rb") as file:
                asset = self._client.call("POST", f"{path}/assets", files={"file": file}, expect=201).json()
            scene = {
                "image": asset["id"],
                "duration_seconds": film.SCENE_SECONDS,
                "motion": film.motion(number),
            }
            self._client.call("PATCH", f"{path}/scenes/{project['scenes'][number]['id']}", json=scene)
        return str(project["slug"])

    def rewrite(self, slug: str, scene: int, narration: str) -> None:
        """Change the narration of one scene, counted from 0."""
        path = f"/api/v1/projects/{slug}/scenes"
        scenes = self._client.call("GET", path).json()["results"]
        self._client.call("PATCH", f"{path}/{scenes[scene]['id']}", json={"narration": narration})

    def render(
        self, slug: str, *, resolution: str = "1080p", fps: int = film.FPS, quality: str = "final"
    ) -> Render:
        """Ask for the film and wait for it. Raises UnexpectedAnswer unless it succeeds."""
        process = worker(self._running)
        cpu_seconds, posted_at = processes.cpu_seconds(process), time.time()
        wish = {"resolution": resolution, "fps": fps, "quality": quality}
        path = f"/api/v1/projects/{slug}/render/stitch"
        accepted = self._client.call("POST", path, json=wish, expect=202).json()
        job = self._ended(UUID(accepted["id"]))
        if job.state != JobState.SUCCEEDED or job.finished_at is None:
            raise UnexpectedAnswer(f"The render {job.state}: {job.error}")
        effort = Effort(
            seconds=job.finished_at.timestamp() - posted_at,
            cpu_seconds=processes.cpu_seconds(process) - cpu_seconds,
        )
        return Render(job=job, effort=effort)

    def _ended(self, job_id: UUID) -> RenderJob:
        while True:
            self._running.wait(POLL_SECONDS)
            job = self._job(job_id)
            if job.is_final:
                return job

    def _job(self, job_id: UUID) -> RenderJob:
        with tenant_context(self.tenant_id):
            return RenderJob.objects.get(pk=job_id)


def stitch_queries(customer: Customer, slug: str) -> int:
    """How many statements `POST …/render/stitch` sends to the database, transaction control left out."""
    client = Client(headers={"Authorization": f"Bearer {customer.token}"}, SERVER_NAME=stack.HOST)
    body = {"resolution": "720p", "fps": film.FPS}
    with CaptureQueriesContext(connection) as captured:
        answer = client.post(f"/api/v1/projects/{slug}/render/stitch", body, content_type="application/json")
    if answer.status_code != 202:
        raise UnexpectedAnswer(f"POST stitch: {answer.status_code}: {answer.content!r}")
    # Counted before the next request, at whose start Django forgets them.
    count = sum(not _is_transaction_control(query["sql"]) for query in captured.captured_queries)
    client.post(f"/api/v1/renders/{answer.json()['id']}/cancel")
    return count


def _is_transaction_control(sql: str) -> bool:
    return sql.split(maxsplit=1)[0] in {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}


def _close_connections() -> None:
    for open_connection in connections.all(initialized_only=True):
        open_connection.close()
        if hasattr(open_connection, "close_pool"):
            open_connection.close_pool()
