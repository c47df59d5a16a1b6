"""A real web server on the test database, and clients of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from accounts import access_tokens
from accounts.models import User
from cutroom import stack
from tenants.models import Tenant
from tests.cast import open_session
from tests.workers import ROOT, die_with_the_tests, wait_until, worker_environment


class Site:
    """One uvicorn with the whole application, over HTTP on a port of this machine."""

    def __init__(self, *, log: Path, extra: dict[str, str] | None = None) -> None:
        self.log = log
        self._extra = extra or {}
        self.url = f"http://127.0.0.1:{stack.free_port()}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", f"--port={port}"]
        quiet = ["--no-access-log", "--log-level=warning", "--lifespan=off", "--ws=none"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*command, *quiet],
                cwd=ROOT,
                env=worker_environment(self._extra),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_the_tests(),  # noqa: PLW1509  # it asks the kernel for one thing
            )
        wait_until(self.is_alive, what="the web server", pause_seconds=0.05)
        return process

    def is_alive(self) -> bool:
        """Does it answer?"""
        try:
            return httpx.get(f"{self.url}/livez", timeout=30).status_code == 200
        except httpx.TransportError:
            return False

    def restart_when_dead(self) -> None:
        """After a crash, as the supervisor would."""
        self.process.wait()
        self.process = self._start()

    def client(self, user: User, tenant: Tenant) -> httpx.Client:
        """Somebody who is signed in there."""
        session = open_session(user, tenant)
        token = access_tokens.issue(
            user_id=user.pk, session_id=session.pk, tenant_id=tenant.pk, at=session.created_at
        )
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def stop(self) -> None:
        """The end."""
        self.process.kill()
        self.process.wait()


@contextmanager
def site(*, log: Path, extra: dict[str, str] | None = None) -> Iterator[Site]:
    """A web server for the length of a block."""
    running = Site(log=log, extra=extra)
    try:
        yield running
    finally:
        running.stop()


def code_of(response: httpx.Response) -> tuple[int, Any]:
    """Status and machine-readable code of an answer."""
    is_json = response.headers.get("Content-Type", "").endswith("json")
    return response.status_code, response.json().get("code") if is_json else None
