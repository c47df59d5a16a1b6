"""Metrics of all processes of one machine, in files that they share. See prometheus_client.multiprocess.

The library names a process's files after its process id, so files pile up as pool processes come and go, and
each scrape reads them all. Here a process takes the first free slot, locks it for life, and counts on from
where the slot's last owner stopped: as many files as processes at one time, and no counter ever goes back.
"""

from __future__ import annotations

import fcntl
import itertools
import os
from pathlib import Path

from prometheus_client import values

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_own: dict[int, str] = {}


def share(directory: Path) -> None:
    """Keep the metrics of this process under `directory`, made if need be. Call before any metric exists."""
    directory.mkdir(parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(directory)
    values.ValueClass = values.MultiProcessValue(_slot)  # type: ignore[no-untyped-call]  # the way to choose one


def shared_directory() -> Path | None:
    """Where the processes of this machine keep their metrics; None when each keeps its own."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else None


def _slot() -> str:
    """The slot of this process. A forked child is another process and takes one of its own."""
    pid = os.getpid()
    if pid not in _own:
        _own.clear()
        _own[pid] = _take_slot(Path(os.environ[VARIABLE]))
    return _own[pid]


def _take_slot(directory: Path) -> str:
    for number in itertools.count():
        descriptor = os.open(directory / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # A record lock, unlike flock, is not inherited by fork; it ends with this very process.
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            continue
        return str(number)
    raise AssertionError("count() never ends")
