"""Worker hosts that share nothing but three addresses: in network namespaces, or plain processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
from django.conf import settings
from django.db import connections

from tests.workers import ROOT, worker_environment

_ROLES = {"default": "DATABASE_URL", "ops": "DATABASE_OPS_URL", "owner": "DATABASE_OWNER_URL"}


class Forwarder:
    """Takes TCP connections on a port of every address of this machine and passes them on."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self.target = target
        # Every address: the namespaces reach this machine by another one each.
        self.server = socket.create_server(("", 0))
        self.port: int = self.server.getsockname()[1]
        self.open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more, and end what is under way: a machine that was cut off never says goodbye."""
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for end in list(self.open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.server.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self.target, str) else socket.AF_INET
        with near, socket.socket(family) as far:
            self.open |= {near, far}
            far.connect(self.target)
            back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
            back.start()
            _pass_on(near, far)
            back.join()
            self.open -= {near, far}


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Machine:
    """One host: a directory, an address of its own, and a Celery worker with one pool process."""

    def __init__(self, number: int, *, directory: Path, ports: Mapping[str, int], is_separate: bool) -> None:
        self.number, self.directory, self.is_separate = number, directory, is_separate
        self.name = f"cutroom{os.getpid()}-{number}"
        self.link = f"cut{os.getpid() % 100000}n{number}"
        self.here = f"10.83.{number}.1" if is_separate else "127.0.0.1"
        self.ports = ports
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Bring the host up and its worker with it."""
        if self.is_separate:
            self._connect()
        prefix = ["ip", "netns", "exec", self.name] if self.is_separate else []
        celery = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1", "-l", "warning"]
        self.directory.mkdir()
        with (self.directory / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, *celery, "--without-gossip", "--without-mingle", "-n", f"{self.name}@%h"],
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def cut_off(self) -> None:
        """Nothing comes through any more; nobody is told. Without namespaces the host stands still."""
        if self.is_separate:
            _ip("link", "set", self.link, "down")
        else:
            self._signal(signal.SIGSTOP)

    def reconnect(self) -> None:
        """As if nothing had been."""
        if self.is_separate:
            _ip("link", "set", self.link, "up")
        else:
            self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the worker, and the network with it."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()
        if self.is_separate:
            subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    def pids(self) -> set[int]:
        """Everything that runs there."""
        return {process.pid for process in self._tree()}

    def _tree(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            if self.process is not None:
                main = psutil.Process(self.process.pid)
                return [main, *main.children(recursive=True)]
        return []

    def _signal(self, signum: signal.Signals) -> None:
        for process in self._tree():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signum)

    def _connect(self) -> None:
        _ip("netns", "add", self.name)
        _ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("addr", "add", f"{self.here}/24", "dev", self.link)
        _ip("link", "set", self.link, "up")
        _ip("-n", self.name, "addr", "add", f"10.83.{self.number}.2/24", "dev", "eth0")
        _ip("-n", self.name, "link", "set", "eth0", "up")

    def _environment(self) -> dict[str, str]:
        leases = {"RENDERING_LEASE_SECONDS": "10", "RENDERING_HEARTBEAT_SECONDS": "1"}
        variables = worker_environment({**leases, "CUTROOM_VAR": str(self.directory / "var")})
        for alias, name in _ROLES.items():
            parts = urlsplit(variables[name])
            database = connections[alias].settings_dict["NAME"]
            where = f"{self.here}:{self.ports['postgres']}"
            variables[name] = f"postgresql://{parts.username}:{parts.password}@{where}/{database}"
        number = parse_qs(urlsplit(settings.REDIS_URL).query)["db"][0]
        variables["REDIS_URL"] = f"redis://{self.here}:{self.ports['redis']}/{number}"
        variables["S3_ENDPOINT_URL"] = f"http://{self.here}:{self.ports['s3']}"
        return variables


@contextmanager
def machines(count: int, *, directory: Path, s3_server: str) -> Iterator[list[Machine]]:
    """Running worker hosts; every one is gone at the end."""
    store = urlsplit(s3_server)
    targets: dict[str, Any] = {
        "postgres": f"{_socket_directory()}/.s.PGSQL.5432",
        "redis": urlsplit(settings.REDIS_URL).path,
        "s3": (store.hostname, store.port),
    }
    with ExitStack() as stack:
        forwarders = {name: Forwarder(target) for name, target in targets.items()}
        for forwarder in forwarders.values():
            stack.callback(forwarder.close)
        ports = {name: forwarder.port for name, forwarder in forwarders.items()}
        is_separate = may_make_networks()
        made = []
        for number in range(1, count + 1):
            where = directory / f"machine-{number}"
            machine = Machine(number, directory=where, ports=ports, is_separate=is_separate)
            stack.callback(machine.stop)
            machine.start()
            made.append(machine)
        yield made


def may_make_networks() -> bool:
    """Are we root, with iproute2, where namespaces are allowed?"""
    trial = f"trial{os.getpid()}"
    try:
        _ip("netns", "add", trial)
        _ip("netns", "del", trial)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _socket_directory() -> str:
    given: dict[str, Any] = connections["owner"].settings_dict
    return str(given["HOST"])
