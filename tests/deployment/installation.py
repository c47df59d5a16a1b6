"""The image without a container engine: its files, packages and roles, on servers as compose has them."""

from __future__ import annotations

import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest

from cutroom.embedded import cluster, postgres, redis
from tests.buckets import KEYS
from tests.deployment.production import ROOT

EXCLUDED = ("tests/", "docs/", "clients/", ".ci/")


def install(python: Path, *arguments: str | Path) -> None:
    """Install packages as a machine would that has no cache of ours but uv's."""
    uv = Path(sys.executable).parent / "uv"
    command = [uv, "pip", "install", "-q", "--python", python, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def new_environment(directory: Path) -> Path:
    """The Python of a fresh, empty virtual environment."""
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, directory], check=True)
    return directory / "bin" / "python"


def copy_image(target: Path) -> None:
    """The files that .dockerignore lets into the image."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split("\n"):
        if name and not name.startswith(EXCLUDED) and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


@dataclass
class Installation:
    """One production installation: `app` is the image's directory, `variables` its environment."""

    app: Path
    python: Path
    variables: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self, **extra: str) -> dict[str, str]:
        """As the containers have it."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, **self.variables, **extra}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A role that ends by itself."""
        return subprocess.run(
            ["deploy/entry", *arguments],
            cwd=self.app,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *arguments: str, **extra: str) -> subprocess.Popen[bytes]:
        """A role that stays."""
        with (self.app.parent / f"{arguments[0]}-{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                ["deploy/entry", *arguments],
                cwd=self.app,
                env=self.environment(**extra),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def logs(self) -> str:
        """What all roles have said."""
        return "\n".join(path.read_text() for path in sorted(self.app.parent.glob("*.log")))

    def stop(self) -> None:
        """End whatever still runs."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def servers(var: Path, variables: dict[str, str], patch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An empty PostgreSQL whose roles deploy/postgres/roles.sql makes, and a Redis; their addresses."""
    patch.setattr(cluster, "creation_statements", lambda passwords: [])
    patch.setattr(cluster, "SCHEMA_STATEMENTS", ())
    patch.setattr(cluster, "DATABASE", "template1")
    patch.setattr(postgres, "_accepts", lambda where: _psql(where, variables, "-c", "SELECT 1"))
    # Short: the path of a Unix socket has 107 bytes.
    database, broker = postgres.start(var), redis.start(var)
    assert database
    assert broker
    try:
        roles = ROOT / "deploy" / "postgres" / "roles.sql"
        assert _psql(var, variables, "-f", str(roles))
        yield {name: _local(value, var) for name, value in variables.items() if name.endswith("_URL")}
    finally:
        redis.stop(broker)
        postgres.stop(database)


def _psql(var: Path, variables: dict[str, str], *arguments: str) -> bool:
    where = ["-h", str(postgres.place(var).socket_directory), "-U", "postgres", "-d", "postgres"]
    command = [str(cluster.programs() / "psql"), "-q", "-v", "ON_ERROR_STOP=1", *where, *arguments]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, check=False)
    return done.returncode == 0


def _local(address: str, var: Path) -> str:
    parts = urlsplit(address)
    if parts.scheme == "redis":
        return redis.url(var)
    if parts.scheme != "postgresql":
        return address
    socket = urlencode({"host": postgres.place(var).socket_directory})
    return f"postgresql://{parts.username}:{parts.password}@{parts.path}?{socket}"


def make_bucket(server: str, variables: dict[str, str]) -> None:
    """As `objects` of compose makes it."""
    client: Any = boto3.client(
        "s3",
        endpoint_url=server,
        region_name=KEYS["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["S3_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=variables["S3_BUCKET"])


class MailCatcher(socketserver.ThreadingTCPServer):
    """Takes every mail, as `mail` of compose does (RFC 5321, the least of it)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.mails: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Mail(socketserver.StreamRequestHandler):
    server: MailCatcher

    def handle(self) -> None:
        """One conversation."""
        self.say("220 catcher")
        while line := self.rfile.readline():
            command = line.decode().upper().strip()
            if command == "DATA":
                self.say("354 go on")
                self.server.mails.append(self.message())
            self.say("221 bye" if command == "QUIT" else "250 fine")

    def message(self) -> str:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(lines).decode()

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
