"""The parent's end of a warm child process (rendering/media/child.py): start it, talk to it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rendering.media.lines import Lines, write_all

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
STDERR_BYTES = 4096

# CUTROOM_VAR tells whose process it is where a machine has several installations.
_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "CUTROOM_VAR")
# A forked process touches its large buffers for the first time; pages of 2 MB instead of 4 kB take a sixth
# off a narration and 3 % off a segment. What is freed stays for the next order, but for the large buffers of
# 4K: what one left does not always fit the next, and 800 MB must be enough.
# https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
_MALLOC = {"hugetlb": 1, "mmap_threshold": 12 * 1024**2, "trim_threshold": 1024**3}
# One thread each: workers are as many as cores, and only a process of one thread may fork. onnxruntime sends
# usage reports from a thread of its own unless told not to.
_ADDED_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "GLIBC_TUNABLES": ":".join(f"glibc.malloc.{name}={value}" for name, value in _MALLOC.items()),
    "PYTHONUNBUFFERED": "1",
}

Message = dict[str, Any]


class ChildGone(Exception):
    """The child ended, or no longer answers; says its last words."""


class WarmChild:
    """One child process. Not for use by two threads at once."""

    def __init__(self, group: str) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the child
        self._early: list[Message] = []
        self._worker_pid = 0
        # The kernel ends the child when the *thread* that started it ends, so a thread is kept for that.
        self._process = _starter().submit(self._start, group).result()
        self._lines = Lines(_pipe(self._process.stdout).fileno())

    def is_alive(self) -> bool:
        """Can it take orders?"""
        return self._process.poll() is None

    def send(self, message: Message) -> None:
        """Hand a message over. Raises ChildGone."""
        try:
            write_all(_pipe(self._process.stdin).fileno(), json.dumps(message).encode() + b"\n")
        except (OSError, ValueError):
            raise self._gone() from None

    def receive(self, *, within_seconds: float) -> Message | None:
        """The next message, or None when there is none in time. Raises ChildGone."""
        return self._early.pop(0) if self._early else self._read(within_seconds=within_seconds)

    def _read(self, *, within_seconds: float) -> Message | None:
        try:
            line = self._lines.next(timeout=within_seconds)
        except EOFError:
            raise self._gone() from None
        return None if line is None else _message(line)

    def await_start(self, check: Callable[[], None], *, within_seconds: float) -> None:
        """Wait until the order sent last is worked on. `check` may raise; ChildGone when it takes long."""
        ends = time.monotonic() + within_seconds
        self._worker_pid = 0
        while not self._worker_pid:
            message = self._read(within_seconds=0.1) or {}
            self._worker_pid = message.get("started", 0)
            if message and not self._worker_pid:
                self._early.append(message)  # a quick worker is heard before its beginning is announced
            check()
            if time.monotonic() > ends:
                raise ChildGone("The media process does not answer.")

    def end_worker(self, *, within_seconds: float) -> bool:
        """Have the worker's group ended, politely and then not. False when the child is no more use."""
        ends = time.monotonic() + within_seconds
        try:
            self.send({"stop": True})
            while time.monotonic() < ends:
                if "ended" in (self.receive(within_seconds=0.1) or {}):
                    return True
        except ChildGone:
            return False
        return False

    def kill(self) -> None:
        """Kill the child and its worker."""
        if self._worker_pid and self.is_alive():
            # The child has not said that it reaped the worker, so the number is still the worker's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._worker_pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self.forget()

    def forget(self) -> None:
        """Close our ends of the pipes."""
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()

    def _start(self, group: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "rendering.media.child", group, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=PACKAGE_ROOT,
            env=_environment(),
            start_new_session=True,
            bufsize=0,
        )

    def _gone(self) -> ChildGone:
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - STDERR_BYTES))
        words = self._stderr.read().decode(errors="replace").strip()
        return ChildGone(words or "The media process is gone.")


def _message(line: bytes) -> Message:
    """What a line says. A worker killed while it spoke leaves half of one, which says nothing."""
    try:
        message: Message = json.loads(line)
    except ValueError:
        return {}
    return message


def _pipe(pipe: Any) -> Any:
    if pipe is None:
        raise ChildGone("The media process has no pipe.")
    return pipe


def _environment() -> dict[str, str]:
    """No secret of ours reaches code that reads strangers' files."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return {**kept, **_ADDED_ENVIRONMENT}


_starters: dict[int, ThreadPoolExecutor] = {}


def _starter() -> ThreadPoolExecutor:
    """A thread that lives as long as this process. A forked process has lost its parent's."""
    pid = os.getpid()
    if pid not in _starters:
        _starters[pid] = ThreadPoolExecutor(max_workers=1, thread_name_prefix="media-starter")
    return _starters[pid]
