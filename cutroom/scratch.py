"""Where steps write before their output is stored. One locked directory a process tells leftovers."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cutroom import conf

logger = logging.getLogger(__name__)

LOCK_NAME = "owner.lock"

_own: dict[int, tuple[Path, int]] = {}


@contextmanager
def directory(prefix: str) -> Iterator[Path]:
    """A fresh directory that is gone afterwards, whatever happened inside."""
    path = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=_process_directory()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def reap() -> int:
    """Remove directories of processes that are gone; returns how many. Any process of this machine may."""
    root = conf.scratch_dir()
    removed = 0
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if not _is_owned(path):
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    if removed:
        logger.info("scratch_reaped", extra={"directories": removed})
    return removed


def _process_directory() -> Path:
    """This process's directory. A forked child does not count as its parent, hence the process id."""
    known = _own.get(os.getpid())
    if known is not None and known[0].is_dir():
        return known[0]
    root = conf.scratch_dir()
    root.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root))
    descriptor = os.open(path / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    _own[os.getpid()] = (path, descriptor)
    return path


def _is_owned(path: Path) -> bool:
    """Is the process that made `path` alive? The kernel drops its lock with its last breath."""
    try:
        descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        # Just being made, between mkdtemp and its lock: leave it to the next round unless it is old.
        return _age_seconds(path) < 60
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return _age_seconds(path) < 2


def _age_seconds(path: Path) -> float:
    try:
        # Wall clock on both sides: a file's mtime knows no other.
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return float("inf")
