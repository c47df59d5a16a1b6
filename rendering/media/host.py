"""Runs a media operation in a child process that cannot outlive this one. Call `run`.

One warm child per group and worker process holds the libraries; it forks a grandchild per operation, in a
process group of its own. Importing them anew would cost 0.3-0.8 s a step. The kernel's parent-death signal
follows the *thread* that started a child, so `run` must be called from a thread that lives as long as the
process: Celery's pool processes run tasks in their main thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rendering.media.errors import MediaCancelled, MediaCrashed, MediaError, MediaTimeout
from rendering.media.operations import OPERATIONS, group_of
from rendering.media.specs import Spec

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
STALL_SECONDS = 20.0
POLITE_SECONDS = 2.0
IDLE_SECONDS = 30.0
TICK_SECONDS = 0.1
MIB = 1024**2

_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "CUTROOM_FFMPEG", "PYTHONPATH")

Progress = Callable[[int], None]


def run(
    spec: Spec,
    *,
    timeout_seconds: float,
    cancel: threading.Event | None = None,
    on_progress: Progress | None = None,
    target: str = "",
) -> dict[str, Any]:
    """Run one operation and return its result.

    Raises MediaError for a refusal, MediaTimeout when the limit passed or a segment made no progress for 20 s,
    MediaCancelled when `cancel` was set, MediaCrashed (with the last lines of stderr) when the process died.
    In each case the whole process group of the operation is gone. `target` is "module:function" for operations
    outside the registry.
    """
    group = group_of(spec.operation)
    for name, other in list(_children.items()):
        if name != group and other.is_idle():
            other.stop()
    child = _child(group)
    order = {
        "target": target or OPERATIONS[spec.operation],
        "spec_class": f"{type(spec).__module__}:{type(spec).__name__}",
        "spec": spec.to_dict(),
        "limits": _limits(timeout_seconds),
    }
    watch = _Watch(timeout_seconds=timeout_seconds, stalls=spec.operation == "segment", cancel=cancel)
    return child.perform(order, watch, on_progress or _ignore)


def stop_all() -> None:
    """End this process's warm children; the next `run` starts them again."""
    for child in list(_children.values()):
        child.stop()


class _Watch:
    """When to give up on an operation."""

    def __init__(self, *, timeout_seconds: float, stalls: bool, cancel: threading.Event | None) -> None:
        self.deadline = time.monotonic() + timeout_seconds
        self.stalls = stalls
        self.cancel = cancel
        self.moved_at = time.monotonic()

    def verdict(self) -> Exception | None:
        """The reason to stop now, if there is one."""
        now = time.monotonic()
        if self.cancel is not None and self.cancel.is_set():
            return MediaCancelled()
        if now > self.deadline or (self.stalls and now - self.moved_at > STALL_SECONDS):
            return MediaTimeout()
        return None


class _WarmChild:
    """One `rendering.media.child` process and the conversation with it."""

    def __init__(self, group: str) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the child
        self._buffer = b""
        self.used_at = time.monotonic()
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rendering.media.child", group, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=PACKAGE_ROOT,
            env=_environment(),
            start_new_session=True,
        )

    def is_alive(self) -> bool:
        """Can it take orders, from this process?"""
        return self.owner == os.getpid() and self.process.poll() is None

    def is_idle(self) -> bool:
        """Has it been without work for a while?"""
        return time.monotonic() - self.used_at > IDLE_SECONDS

    def stop(self) -> None:
        """Kill it. A grandchild, if any, dies with it."""
        _children.pop(next((n for n, c in _children.items() if c is self), ""), None)
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def perform(self, order: dict[str, Any], watch: _Watch, on_progress: Progress) -> dict[str, Any]:
        """Send an order and wait for its end; kills the operation's group when `watch` says so."""
        self._stderr.seek(0)
        self._stderr.truncate()
        pid, outcome, verdict = 0, None, None
        try:
            self._send(order)
            for message in self._messages():
                verdict = verdict or self._judge(pid, watch)
                if message is None:
                    continue
                pid = message.get("started", pid)
                if "progress" in message:
                    watch.moved_at = time.monotonic()
                    on_progress(message["progress"])
                elif "ended" in message:
                    break
                elif "started" not in message:
                    outcome = message
        except BaseException:
            # Half a conversation cannot be continued: the next order gets a fresh child.
            self.stop()
            raise
        finally:
            self.used_at = time.monotonic()
        return self._result(outcome, verdict)

    def _judge(self, pid: int, watch: _Watch) -> Exception | None:
        verdict = watch.verdict()
        if verdict is None:
            return None
        if pid == 0:
            raise verdict
        _kill_group(pid)
        return verdict

    def _result(self, outcome: dict[str, Any] | None, verdict: Exception | None) -> dict[str, Any]:
        if verdict is not None:
            raise verdict
        if outcome is None:
            raise MediaCrashed(self._last_words())
        if "error" in outcome:
            raise MediaError(**outcome["error"])
        result: dict[str, Any] = outcome["result"]
        return result

    def _send(self, order: dict[str, Any]) -> None:
        if self.process.stdin is None:
            raise MediaCrashed("no pipe")
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise MediaCrashed(self._last_words()) from None

    def _messages(self) -> Iterator[dict[str, Any] | None]:
        """Messages as they come, and None at least every tick so that the caller can look at the clock."""
        if self.process.stdout is None:
            raise MediaCrashed("no pipe")
        source = self.process.stdout.fileno()
        while True:
            readable, _, _ = select.select([source], [], [], TICK_SECONDS)
            data = os.read(source, 1 << 16) if readable else b""
            if readable and not data:
                raise MediaCrashed(self._last_words())
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            for line in lines:
                yield json.loads(line)
            yield None

    def _last_words(self) -> str:
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - 4096))
        return self._stderr.read().decode(errors="replace").strip()[-2000:]


_children: dict[str, _WarmChild] = {}


def _child(group: str) -> _WarmChild:
    child = _children.get(group)
    if child is not None and not child.is_alive():
        child.stop()
        child = None
    if child is None:
        child = _children[group] = _WarmChild(group)
    return child


def _kill_group(pid: int) -> None:
    """SIGTERM, a moment, SIGKILL; the group may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
        ends = time.monotonic() + POLITE_SECONDS
        while time.monotonic() < ends:
            os.killpg(pid, 0)
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)


def _limits(timeout_seconds: float) -> dict[str, int]:
    return {
        "memory_bytes": 6 * 1024 * MIB,
        "cpu_seconds": int(timeout_seconds) * 2 + 5,
        "file_bytes": 16 * 1024 * MIB,
    }


def _environment() -> dict[str, str]:
    """No secret of ours reaches code that reads strangers' files."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return {**kept, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def _ignore(_: int) -> None:
    return
