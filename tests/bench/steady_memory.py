"""Whether web and worker grow with use: their memory after a warm-up, and after much more of the same."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from uuid import UUID

import httpx
import psutil

from accounts import access_tokens
from billing.models import TenantSubscription
from cutroom.run import Stack
from cutroom.terminal import say
from rendering.models import RenderJob
from tenants.context import tenant_context
from tenants.models import Role, Tenant
from tests.bench import processes
from tests.cast import found_tenant, join, open_session

CLIENTS = 4
WARM_UP_SHARE = 5
PATHS = (
    "/api/v1/usage",
    "/api/v1/projects",
    "/api/v1/renders",
    "/api/auth/me",
    "/api/billing/plans",
    "/api/v1/usage/history",
)
POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes of all processes of one kind, after the warm-up and after all `deeds`."""

    deeds: int
    before_bytes: int
    after_bytes: int


def of_web(running: Stack, *, requests: int) -> Memory:
    """Ask `requests` times, signed in, over real connections; a fifth of them is the warm-up."""
    say(f"Asking the web server {requests} times")
    tenant = found_tenant(f"bench-web-{secrets.token_hex(4)}")
    headers = {"Authorization": f"Bearer {_token(tenant)}"}
    web = _main_process(running, "web")
    _ask(running, headers, requests // WARM_UP_SHARE)
    before = processes.memory_bytes(web)
    _ask(running, headers, requests - requests // WARM_UP_SHARE)
    return Memory(deeds=requests, before_bytes=before, after_bytes=processes.memory_bytes(web))


def of_worker(running: Stack, *, jobs: int) -> Memory:
    """Render `jobs` films of one short scene, each with a text of its own; a fifth is the warm-up."""
    say(f"Rendering {jobs} short films")
    tenant = found_tenant(f"bench-worker-{secrets.token_hex(4)}")
    client = httpx.Client(
        base_url=running.url, headers={"Authorization": f"Bearer {_token(tenant)}"}, trust_env=False
    )
    worker = _main_process(running, "worker")
    with client:
        _render(running, client, tenant, jobs // WARM_UP_SHARE)
        before = processes.memory_bytes(worker)
        _render(running, client, tenant, jobs - jobs // WARM_UP_SHARE)
    return Memory(deeds=jobs, before_bytes=before, after_bytes=processes.memory_bytes(worker))


def _main_process(running: Stack, name: str) -> psutil.Process:
    child = next(part.child for part in running.supervisor.parts if part.name == name)
    if child is None:
        raise LookupError(f"{name} does not run")
    return psutil.Process(child.process.pid)


def _token(tenant: Tenant) -> str:
    user = join(tenant, "member", Role.ADMIN)
    with tenant_context(tenant.pk):
        # Whoever asks this often pays for it.
        TenantSubscription.objects.create(plan="enterprise")
    session = open_session(user, tenant)
    return access_tokens.issue(
        user_id=user.pk, session_id=session.pk, tenant_id=tenant.pk, at=session.created_at
    )


def _ask(running: Stack, headers: dict[str, str], requests: int) -> None:
    def ask(paths: Iterator[str]) -> None:
        with httpx.Client(base_url=running.url, headers=headers, trust_env=False, timeout=30) as client:
            for path in paths:
                client.get(path).raise_for_status()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, [islice(cycle(PATHS), requests // CLIENTS) for _ in range(CLIENTS)]))


def _render(running: Stack, client: httpx.Client, tenant: Tenant, jobs: int) -> None:
    """Ask for all films at once and wait until the last has ended."""
    waiting = {UUID(_asked(client)) for _ in range(jobs)}
    while waiting:
        running.wait(POLL_SECONDS)
        with tenant_context(tenant.pk):
            ended = {job.pk for job in RenderJob.objects.filter(pk__in=waiting) if job.is_final}
        waiting -= ended


def _asked(client: httpx.Client) -> str:
    words = f"Film {secrets.token_hex(3)} begins."
    project = client.post("/api/v1/projects", json={"title": "Short", "script": words})
    slug = project.raise_for_status().json()["slug"]
    answer = client.post(f"/api/v1/projects/{slug}/render/stitch", json={"resolution": "720p", "fps": 24})
    return str(answer.raise_for_status().json()["id"])
