"""The processes of one installation: embedded servers, web, worker and beat."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from cutroom import queues
from cutroom.embedded import postgres, redis
from cutroom.embedded.processes import Child, spawn
from cutroom.environment import CHECKOUT
from cutroom.refusal import StartRefused
from cutroom.supervisor import Part

HOST = "127.0.0.1"

# A worker that is told to stop hands its steps on; what else it does survives a kill. So nobody waits long.
_PATIENCE_SECONDS = 8.0


def refuse_taken_port(port: int) -> None:
    """Raise StartRefused, with a port that is free, when another program listens on `port`."""
    if _is_free(port):
        return
    other = next(candidate for candidate in range(port + 1, 65536) if _is_free(candidate))
    raise StartRefused(
        f"Port {port} is taken by another program; choose another one, for example: PORT={other} make run"
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def servers(var: Path, *, only: Sequence[str]) -> list[Part]:
    """The embedded servers, in the order in which they start."""
    known = {"postgres": postgres, "redis": redis}
    return [
        Part(name, partial(server.start, var), server.stop) for name, server in known.items() if name in only
    ]


def application(var: Path, *, port: int) -> list[Part]:
    """Beat, two workers and web, in the order in which they start.

    Mail and the like have a worker of their own: the other one's processes may all be busy for minutes.
    """
    celery = [sys.executable, "-m", "celery", "-A", "config"]
    worker = [*celery, "worker", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
    commands = {
        "beat": [*celery, "beat", "--loglevel=INFO", "--pidfile="],
        "worker": [
            *worker,
            "--hostname=steps@%h",
            f"--queues={','.join(queues.STEPS)}",
            f"--concurrency={cores()}",
        ],
        "worker-others": [
            *worker,
            "--hostname=others@%h",
            f"--queues={','.join(queues.OTHERS)}",
            "--concurrency=3",
        ],
        "web": [sys.executable, "-m", "uvicorn", "config.asgi:application", *_web_options(port)],
    }
    return [Part(name, partial(_start, name, command, var=var), _stop) for name, command in commands.items()]


def manage(*arguments: str, var: Path, wait: Callable[[float], None]) -> None:
    """Run one management command to its end; raise StartRefused with the end of its output when it fails.

    `wait` is called with seconds while the command runs; an exception from it ends the command.
    """
    child = _start("manage", [sys.executable, "manage.py", *arguments], var=var)
    try:
        while child.is_running:
            wait(0.05)
    finally:
        child.stop()
    if child.process.returncode != 0:
        raise StartRefused(f"`manage.py {' '.join(arguments)}` failed:\n{last_words('manage', var=var)}")


def application_logs(var: Path) -> list[Path]:
    """The log files of beat, workers and web."""
    return [_log(name, var=var) for name in ("beat", "worker", "worker-others", "web")]


def last_words(name: str, *, var: Path) -> str:
    """The end of the log of a part."""
    return "\n".join(_log(name, var=var).read_text(errors="replace").splitlines()[-15:])


def cores() -> int:
    """How many cores this process may use; a container or a batch system may allow fewer than there are."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def forget_metrics(var: Path) -> None:
    """Begin all counters anew. Nobody else may be running on `var`."""
    shutil.rmtree(_metric_files(var), ignore_errors=True)


def _metric_files(var: Path) -> Path:
    return var / "run" / "metrics"


def _start(name: str, command: Sequence[str], *, var: Path) -> Child:
    return spawn(
        command,
        name=name,
        log=_log(name, var=var),
        environment=_environment(var),
        working_directory=CHECKOUT,
    )


def _log(name: str, *, var: Path) -> Path:
    return var / "log" / f"{name}.log"


def _stop(child: Child) -> None:
    child.stop((signal.SIGTERM, _PATIENCE_SECONDS))


def _environment(var: Path) -> dict[str, str]:
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "PROMETHEUS_MULTIPROC_DIR": str(_metric_files(var)),
    }
    return defaults | dict(os.environ) | {"PYTHONUNBUFFERED": "1"}


def _web_options(port: int) -> list[str]:
    quiet = ["--no-access-log", "--log-level=warning", "--lifespan=off", "--ws=none"]
    return [f"--host={HOST}", f"--port={port}", "--timeout-graceful-shutdown=3", *quiet]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the web server does: a port whose last user has just gone is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
