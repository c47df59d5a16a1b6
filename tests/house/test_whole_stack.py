"""`make run` as a process: it starts, it restarts what dies, and nothing outlives it however it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.house.installations import Installation, installation

__all__ = ["installation"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for survivors in /proc")
def test_a_whole_life(installation: Installation, await_no_server: Callable[[Path], None]) -> None:
    installation.start()
    assert httpx.get(f"{installation.url}/livez").status_code == 200
    roles = ("uvicorn", "celery -A config worker", "celery -A config beat")
    assert all(any(role in command for command in installation.processes().values()) for role in roles)

    while not installation.doctor("--only=workers")["healthy"]:
        pass
    assert installation.doctor()["healthy"], installation.doctor()

    worker = min(pid for pid, command in installation.processes().items() if "steps@" in command)
    os.kill(worker, signal.SIGKILL)
    installation.read_until("worker stopped (signal 9), restarting")

    assert installation.process
    installation.process.kill()
    installation.process.communicate()
    while installation.processes():
        pass
    await_no_server(installation.var)

    installation.start()
    assert installation.end(signal.SIGINT) == 0
    assert installation.processes() == {}
    await_no_server(installation.var)
