"""The warm process behind the host: loads libraries once, forks a worker an operation. Single-threaded.

Started as `python -m rendering.media.child GROUP PARENT_PID`. Reads JSON orders from stdin, one a line, or
{"stop": true}; answers with JSON lines {"started": pid}, {"progress": n}, {"result": …} or {"error": …}, and
last {"ended": wait status, "stderr": its last words}. Blank lines and halves of lines mean nothing.

Both levels ask the kernel to die with the process above them. That does not reach a third level, so an
operation starts no process of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import sys
import threading
import time
from importlib import import_module
from typing import Any, NoReturn

from rendering.media.operations import IDLE_SECONDS, PRELOADED
from rendering.media.worker import load, work

PR_SET_PDEATHSIG = 1
POLITE_SECONDS = 2.0
STDERR_BYTES = 8192

Order = dict[str, Any]


def main() -> None:
    """Serve orders until the host closes the pipe or dies, or none came for a while."""
    group, parent = sys.argv[1], int(sys.argv[2])
    die_with(parent)
    os.umask(0o077)
    # What is imported stays, so nobody need look through it for garbage, least of all the forked workers: a
    # look would copy every page of it.
    gc.disable()
    channel = _Channel()
    for module in PRELOADED[group]:
        import_module(module)
    while True:
        order = channel.order(timeout=IDLE_SECONDS)
        if order is None:
            return
        if "target" in order:
            _Operation(order, channel).attend()


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; elsewhere than Linux watch for it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before the request took effect
        os._exit(1)


class _Channel:
    """Orders in, answers out. What libraries print goes to stderr instead."""

    def __init__(self) -> None:
        self.source = 0
        self._target = os.dup(1)
        os.dup2(2, 1)
        self._buffer = b""

    def order(self, *, timeout: float | None) -> Order | None:
        """The next order; None when the host is gone or nothing came in time."""
        while b"\n" not in self._buffer:
            if not select.select([self.source], [], [], timeout)[0]:
                return None
            data = os.read(self.source, 1 << 16)
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        order: Order = json.loads(line)
        return order

    def say(self, message: dict[str, Any]) -> None:
        """Answer. Starts with a newline, because a killed worker may have left half a line."""
        data = b"\n" + json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._target, data) :]


class _Operation:
    """One order being worked on by a forked worker, and the ways it ends."""

    def __init__(self, order: Order, channel: _Channel) -> None:
        _prepare(order)
        self._channel = channel
        self._words = b""
        self._stderr, stderr = os.pipe()
        warm = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _become_worker(order, channel, warm=warm, stderr=stderr)
        os.close(stderr)

    def attend(self) -> None:
        """Wait for the worker's end, take what it writes to stderr, and stop it when told."""
        self._channel.say({"started": self._pid})
        sources = [self._channel.source, self._stderr]
        while self._stderr in sources:
            ready, _, _ = select.select(sources, [], [])
            if self._stderr in ready and not self._listen():
                sources.remove(self._stderr)
            if self._channel.source in ready:
                self._stop()
        self._end()

    def _listen(self) -> bool:
        """Read what is there; False when all of the worker's group have closed their stderr."""
        data = os.read(self._stderr, 1 << 16)
        self._words = (self._words + data)[-STDERR_BYTES:]
        return bool(data)

    def _stop(self) -> None:
        if self._channel.order(timeout=None) is None:  # the host is gone: nobody wants this any more
            self._signal(signal.SIGKILL)
            os._exit(1)
        self._signal(signal.SIGTERM)
        if not self._is_gone_within(POLITE_SECONDS):
            self._signal(signal.SIGKILL)

    def _is_gone_within(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if select.select([self._stderr], [], [], left)[0] and not self._listen():
                return True
        return False

    def _end(self) -> None:
        os.close(self._stderr)
        _, status = os.waitpid(self._pid, 0)
        self._signal(signal.SIGKILL)
        self._channel.say({"ended": status, "stderr": self._words.decode(errors="replace")})

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)


def _prepare(order: Order) -> None:
    """Let the operation load what it needs before the fork, once; failing is left to the operation itself."""
    module, _, _ = order["target"].partition(":")
    prepare = getattr(import_module(module), "prepare", None)
    if prepare is not None:
        with contextlib.suppress(Exception):
            prepare(load(order["spec_class"]).from_dict(order["spec"]))


def _become_worker(order: Order, channel: _Channel, *, warm: int, stderr: int) -> NoReturn:
    # Whatever happens, the worker never returns into the loop of its parent.
    code = 1
    try:
        os.setsid()
        die_with(warm)
        gc.freeze()
        gc.enable()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stderr, 1)
        os.dup2(stderr, 2)
        code = work(order, say=channel.say)
    finally:
        os._exit(code)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
