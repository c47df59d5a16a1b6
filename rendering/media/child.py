"""The warm process behind the host: loads libraries once and forks workers. Single-threaded.

Started as `python -m rendering.media.child GROUP PARENT_PID`. Reads JSON orders from stdin, one a line, or
{"stop": true}; answers with JSON lines {"started": pid}, {"progress": n}, {"result": …} or {"error": …}, and
last {"ended": wait status, "stderr": its last words}. Blank lines and halves of lines mean nothing.

A worker does one order, or those of one owner that follow each other closely: see
docs/adr/0014-a-media-process-for-a-job.md. Both levels ask the kernel to die with the process
above them. That does not reach a third level, so an operation starts no process of its own.
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
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from rendering.media.lines import Lines, write_all
from rendering.media.operations import IDLE_SECONDS, KEPT_SECONDS, PRELOADED
from rendering.media.worker import Desk, load

PR_SET_PDEATHSIG = 1
POLITE_SECONDS = 2.0
STDERR_BYTES = 8192

Order = dict[str, Any]
Prepare = Callable[[Any], str | None]


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
    with contextlib.suppress(EOFError):
        _serve(channel)


def _serve(channel: _Channel) -> None:
    kept: _Worker | None = None
    while True:
        order = channel.order(timeout=KEPT_SECONDS if kept else IDLE_SECONDS)
        if order is not None and "target" in order:
            kept = _attended(order, kept, channel)
        elif order is None and kept is not None:
            kept.end()
            kept = None
        elif order is None:
            return


def _attended(order: Order, kept: _Worker | None, channel: _Channel) -> _Worker | None:
    """Have the order worked on; returns the worker if it may be given another."""
    loaded = _prepare(order)
    if loaded is None:
        order = {**order, "owner": ""}
    if kept is not None and not kept.suits(order, loaded):
        kept.end()
        kept = None
    worker = kept or _Worker(order, loaded, channel)
    return worker if worker.attend(order) else None


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
        self._lines = Lines(self.source)

    def order(self, *, timeout: float | None) -> Order | None:
        """The next order; None when nothing came in time. Raises EOFError when the host is gone."""
        line = self._lines.next(timeout=timeout)
        order: Order | None = None if line is None else json.loads(line)
        return order

    def say(self, message: dict[str, Any]) -> None:
        """Answer. Starts with a newline, because a killed worker may have left half a line."""
        write_all(self._target, b"\n" + json.dumps(message).encode() + b"\n")


class _Worker:
    """A forked process, the order it works on, and the ways that ends."""

    def __init__(self, order: Order, loaded: str | None, channel: _Channel) -> None:
        self._channel = channel
        self._owner, self._loaded = order["owner"], loaded
        self._is_fresh = True
        self._words = b""
        self._stderr, stderr = os.pipe()
        orders, self._orders = os.pipe()
        # Its other end stays open here, so that only a byte can be read from it, never its end.
        self._done, self._to_be_done = os.pipe()
        warm = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            desk = Desk(orders=orders, done=self._to_be_done, say=channel.say)
            _become_worker(order, desk, warm=warm, stderr=stderr)
        os.close(stderr)
        os.close(orders)

    def suits(self, order: Order, loaded: str | None) -> bool:
        """May it do this order too? Of the same owner, and with nothing that was loaded after the fork."""
        return order["owner"] == self._owner and loaded in ("", self._loaded) and self._is_alive()

    def attend(self, order: Order) -> bool:
        """Wait for the order's end, take what is written to stderr, and stop it when told.

        True when the process waits for another order.
        """
        self._channel.say({"started": self._pid})
        self._hand_over(order)
        sources = (self._channel.source, self._stderr, self._done)
        while self._done not in (ready := select.select(sources, [], [])[0]):
            if self._stderr in ready and not self._listen():
                self._say_ended(self._reaped())
                return False
            if self._channel.source in ready:
                self._stop()
        os.read(self._done, 1)
        self._say_ended(0)
        return True

    def end(self) -> None:
        """End the process while it waits."""
        self._signal(signal.SIGKILL)
        self._reaped()

    def _hand_over(self, order: Order) -> None:
        """The first order came with the fork. If the process is gone, its stderr says so."""
        if not self._is_fresh:
            with contextlib.suppress(BrokenPipeError):
                write_all(self._orders, json.dumps(order).encode() + b"\n")
        self._is_fresh, self._words = False, b""

    def _is_alive(self) -> bool:
        while select.select([self._stderr], [], [], 0)[0]:
            if not self._listen():
                return False
        return True

    def _listen(self) -> bool:
        """Read what is there; False when all of the worker's group have closed their stderr."""
        data = os.read(self._stderr, 1 << 16)
        self._words = (self._words + data)[-STDERR_BYTES:]
        return bool(data)

    def _stop(self) -> None:
        try:
            self._channel.order(timeout=None)
        except EOFError:  # the host is gone: nobody wants this any more
            self._signal(signal.SIGKILL)
            raise
        self._signal(signal.SIGTERM)
        if not self._is_gone_within(POLITE_SECONDS):
            self._signal(signal.SIGKILL)

    def _is_gone_within(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            if select.select([self._stderr], [], [], left)[0] and not self._listen():
                return True
        return False

    def _reaped(self) -> int:
        """Wait for the process to end; its wait status. What is left of its group goes with it."""
        _, status = os.waitpid(self._pid, 0)
        self._signal(signal.SIGKILL)
        for end in (self._stderr, self._orders, self._done, self._to_be_done):
            os.close(end)
        return status

    def _say_ended(self, status: int) -> None:
        self._channel.say({"ended": status, "stderr": self._words.decode(errors="replace")})

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)


def _prepare(order: Order) -> str | None:
    """Let the operation load what it needs before the fork, once; its name for that, "" for nothing.

    None when it wants a process of its own. Failing is left to the operation itself.
    """
    module, _, _ = order["target"].partition(":")
    prepare: Prepare | None = getattr(import_module(module), "prepare", None)
    if prepare is None:
        return ""
    try:
        return prepare(load(order["spec_class"]).from_dict(order["spec"]))
    except Exception:
        return None


def _become_worker(order: Order, desk: Desk, *, warm: int, stderr: int) -> NoReturn:
    # Whatever happens, the worker never returns into the loop of its parent.
    code = 1
    try:
        os.setsid()
        die_with(warm)
        gc.freeze()
        gc.enable()
        os.dup2(stderr, 1)
        os.dup2(stderr, 2)
        code = desk.serve(order)
    finally:
        os._exit(code)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
