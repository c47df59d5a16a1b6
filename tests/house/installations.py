"""One installation as `make run` starts it, and every process of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutroom import stack
from tests.house.conftest import CHECKOUT


class Installation:
    """One installation under a directory of its own, started as `python -m cutroom run` would be by make."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        sample = var / "sample" / "test.mp4"
        sample.parent.mkdir(parents=True)
        # The first start renders this; here it would only cost time.
        sample.touch()

    def start(self) -> None:
        # A shell starts its background jobs deaf to Ctrl-C, and deafness is inherited.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        port = stack.free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cutroom", "run"],
            cwd=CHECKOUT,
            env=self.environment() | {"PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.url = f"http://{stack.HOST}:{port}"
        self.read_until(f"Ready  {self.url}")

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "CUTROOM_VAR": str(self.var),
        }

    def doctor(self, *arguments: str) -> dict[str, Any]:
        result = subprocess.run(
            [sys.executable, "manage.py", "doctor", "--json", *arguments],
            cwd=CHECKOUT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        report: dict[str, Any] = json.loads(result.stdout)
        assert result.returncode == (0 if report["healthy"] else 1)
        return report

    def read_until(self, wanted: str) -> None:
        assert self.process
        assert self.process.stdout
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if wanted in line:
                return
        raise AssertionError(f"ended without {wanted!r}: {''.join(lines)}")

    def end(self, signum: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(signum)
        self.process.communicate()
        return self.process.returncode

    def processes(self) -> dict[int, str]:
        """Living web, worker, beat and pool processes of this installation: command line by process id."""
        mark = f"CUTROOM_VAR={self.var}".encode()
        return {
            int(entry.name): read(entry / "cmdline").replace(b"\0", b" ").decode()
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and mark in read(entry / "environ").split(b"\0")
        }


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "var")
    yield installation
    if installation.process and installation.process.poll() is None:
        installation.end(signal.SIGTERM)
