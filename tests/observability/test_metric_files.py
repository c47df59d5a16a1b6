"""Processes of one machine keep their metrics in shared files: nothing is lost, and nothing piles up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

# Counts once, forks, counts twice in the child, says so, and waits to be killed.
PROCESS = """
import os, sys
from pathlib import Path
from cutroom import metric_files
metric_files.share(Path(sys.argv[1]))
from prometheus_client import Counter
counter = Counter("cutroom_births", "Births.")
counter.inc()
if os.fork() == 0:
    counter.inc(2)
    os._exit(0)
os.wait()
print("counted", flush=True)
sys.stdin.read()
"""


def spawn(directory: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(directory)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "counted\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def births(directory: Path) -> float:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))  # type: ignore[no-untyped-call]  # registers itself
    [line] = [
        line
        for line in generate_latest(registry).decode().splitlines()
        if line.startswith("cutroom_births_total ")
    ]
    return float(line.split()[1])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


def test_processes_add_up_while_they_live_and_after(directory: Path) -> None:
    living = [spawn(directory) for _ in range(3)]
    assert births(directory) == 9
    for process in living:
        end(process)
    assert births(directory) == 9


def test_the_killed_leave_their_slot_to_the_next_and_its_count_goes_on(directory: Path) -> None:
    for _ in range(5):
        end(spawn(directory))
    assert births(directory) == 15
    # One slot for the process, one for the child it forked.
    assert len(list(directory.glob("counter_*.db"))) == 2
