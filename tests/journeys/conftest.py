"""One installation for all journeys, started as `make run` does."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.house.conftest import CHECKOUT
from tests.house.installations import Installation

Json = dict[str, Any]


@dataclass
class Caller:
    """Somebody at the API of the running stack, signed in by magic link."""

    site: str
    email: str
    http: httpx.Client
    session: Json = field(default_factory=dict)

    def sign_in(self) -> Json:
        """Ask for a link, use it, and carry the token from now on; the body of the answer."""
        link = self.http.post("/api/auth/magic-link/request", json={"email": self.email}).json()["magic_link"]
        token = link.partition("?token=")[2]
        self.session = self.http.post("/api/auth/magic-link/verify", json={"token": token}).json()
        self.http.headers["Authorization"] = f"Bearer {self.session['access_token']}"
        return self.session

    def get(self, path: str, *, expect: int = 200, **arguments: Any) -> httpx.Response:
        """GET, with the status that the contract gives."""
        return self._answered(self.http.get(path, **arguments), expect)

    def post(
        self, path: str, body: Json | None = None, *, expect: int = 200, **arguments: Any
    ) -> httpx.Response:
        """POST, with the status that the contract gives."""
        return self._answered(self.http.post(path, json=body, **arguments), expect)

    def delete(self, path: str, body: Json | None = None, *, expect: int) -> httpx.Response:
        """DELETE, with the status that the contract gives."""
        return self._answered(self.http.request("DELETE", path, json=body), expect)

    @staticmethod
    def _answered(answer: httpx.Response, expect: int) -> httpx.Response:
        assert answer.status_code == expect, answer.text[:500]
        return answer


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Web, worker, beat, PostgreSQL and Redis of an installation of its own."""
    installation = Installation(tmp_path_factory.mktemp("journeys") / "var")
    installation.start()
    yield installation
    installation.end(signal.SIGTERM)


@pytest.fixture
def anybody(stack: Installation) -> Iterator[Callable[[], Caller]]:
    """A new address each time, not signed in yet."""
    clients: list[httpx.Client] = []

    def arrive() -> Caller:
        clients.append(httpx.Client(base_url=stack.url, timeout=60, trust_env=False))
        return Caller(site=stack.url, email=f"walker-{secrets.token_hex(4)}@example.com", http=clients[-1])

    yield arrive
    for client in clients:
        client.close()


@pytest.fixture
def newcomer(anybody: Callable[[], Caller]) -> Caller:
    """Somebody who has just signed in for the first time."""
    caller = anybody()
    caller.sign_in()
    return caller


@pytest.fixture
def shell(stack: Installation) -> Callable[[str], str]:
    """What an operator does by hand: runs Python inside the installation."""

    def run(program: str) -> str:
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings.dev"}
        ended = subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**stack.environment(), **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr[-2000:]
        return ended.stdout

    return run
