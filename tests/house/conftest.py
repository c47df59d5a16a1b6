"""What the tests of the house share: installations in temporary directories, and looking for survivors."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cutroom import embedded
from cutroom.embedded import postgres, redis

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def start() -> Iterator[Callable[[Path], embedded.Services]]:
    """`embedded.start`, undone at the end of the test."""
    started: list[tuple[Path, embedded.Services]] = []

    def start_and_note(var: Path) -> embedded.Services:
        services = embedded.start(var)
        started.append((var, services))
        return services

    yield start_and_note
    for var, services in reversed(started):
        services.stop()
        remove_outer_sockets(var)


def remove_outer_sockets(var: Path) -> None:
    """Sockets of a long path lie outside pytest's own temporary directory."""
    for where in (postgres.place(var), redis.place(var)):
        if not where.socket_directory.is_relative_to(var):
            shutil.rmtree(where.socket_directory, ignore_errors=True)


@pytest.fixture
def other_process() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start the servers of an installation from another process, which then waits to be killed."""
    processes: list[subprocess.Popen[str]] = []
    program = (
        "import sys, time; from pathlib import Path; from cutroom import embedded; "
        "embedded.start(Path(sys.argv[1])); print('up', flush=True); time.sleep(600)"
    )

    def run(var: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(var)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def await_no_server() -> Callable[[Path], None]:
    """Wait until no server process of an installation is left: only then the kernel frees its life lock."""

    def wait(var: Path) -> None:
        for where in (postgres.place(var), redis.place(var)):
            with (where.root / "life.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)

    return wait
