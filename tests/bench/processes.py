"""Processor time and memory of process trees that are running, and of everybody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil

MEGABYTE = 1_000_000
LOOK_EVERY_SECONDS = 0.25


def tree(process: psutil.Process) -> list[psutil.Process]:
    """The process and everything below it that has not gone yet."""
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


def cpu_seconds(process: psutil.Process) -> float:
    """Processor time of a tree so far, those that ended within it included."""
    return sum(_own_cpu_seconds(member) for member in tree(process))


def memory_bytes(process: psutil.Process) -> int:
    """Memory of a tree, with shared pages counted once (proportional set size)."""
    return sum(_own_memory_bytes(member) for member in tree(process))


class OtherPrograms:
    """Watches from its making what the rest of the machine does; results of a busy machine mean little.

    Whatever we started before must go on running, and what we start meanwhile must end or go on: processes
    that were killed take the account of their children with them.
    """

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self._before = self._their_cpu_seconds()

    def cores(self) -> float:
        """How many cores the others kept busy on average until now."""
        return (self._their_cpu_seconds() - self._before) / (time.monotonic() - self._started_at)

    def _their_cpu_seconds(self) -> float:
        machine = psutil.cpu_times()
        return float(machine.user + machine.nice + machine.system - cpu_seconds(psutil.Process()))


class PeakMemory(threading.Thread):
    """Watches the memory of a Celery worker during a `with` block.

    `worker_bytes` is the most that one pool process held together with its media processes, `all_bytes` the
    most of the whole tree.
    """

    def __init__(self, worker: psutil.Process) -> None:
        super().__init__(name="peak-memory", daemon=True)
        self._worker = worker
        self._asked_to_stop = threading.Event()
        self.worker_bytes = 0
        self.all_bytes = 0

    def __enter__(self) -> PeakMemory:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._asked_to_stop.set()
        self.join()

    def run(self) -> None:
        """Look until stopped."""
        while not self._asked_to_stop.wait(LOOK_EVERY_SECONDS):
            members = list(self._memory_of_members())
            self.worker_bytes = max(self.worker_bytes, *members[1:], 0)
            self.all_bytes = max(self.all_bytes, sum(members))

    def _memory_of_members(self) -> Iterator[int]:
        """The main process alone, then each pool process with what it started."""
        yield _own_memory_bytes(self._worker)
        for pool_process in self._worker.children():
            yield memory_bytes(pool_process)


def _own_cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def _own_memory_bytes(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return int(process.memory_full_info().pss)
    return 0
