"""Runs a media operation in a child process that cannot outlive this one. Call `run`.

One warm child per group and process holds the libraries (rendering/media/child.py) and forks the processes
that work; importing them anew would cost 0.6 s a step. A group does one operation at a time: a second caller
waits.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rendering.media.errors import MediaCancelled, MediaCrashed, MediaError, MediaTimeout
from rendering.media.operations import OPERATIONS, Operation
from rendering.media.specs import Spec
from rendering.media.warm import ChildGone, WarmChild

BEGIN_SECONDS = 30.0
END_SECONDS = 5.0
TICK_SECONDS = 0.1
# Above this an operation needs the memory that idle children of other groups hold.
LARGE_PIXELS = 1920 * 1080

Progress = Callable[[int], None]


def run(
    spec: Spec,
    *,
    timeout_seconds: float,
    owner: str = "",
    cancel: threading.Event | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Run one operation and return its result.

    `on_progress` gets what the operation counts (frames of a segment), a few times a second, in the calling
    thread. Raises MediaError for a refusal, MediaTimeout when the limit passed or the operation stood still,
    MediaCancelled when `cancel` was set, MediaCrashed (with the last lines of stderr) when the process died.

    Whatever happens, nothing of the operation goes on, and no process of it is left. With an `owner`, one
    that ended well waits KEPT_SECONDS for the next operation of that owner, which is spared the start.
    """
    operation = OPERATIONS[spec.operation]
    watch = _Watch(timeout_seconds=timeout_seconds, stall_seconds=operation.stall_seconds, cancel=cancel)
    if getattr(spec, "width", 0) * getattr(spec, "height", 0) > LARGE_PIXELS:
        _rest(lane for group, lane in _lanes().items() if group != operation.group)
    lane = _lanes().setdefault(operation.group, _Lane(operation.group))
    with lane.turn(watch):
        order = _order(spec, operation, timeout_seconds=timeout_seconds, owner=owner)
        return lane.perform(order, watch, on_progress or _ignore)


def stop_all() -> None:
    """End this process's warm children, and with them what they do; the next `run` starts them again."""
    for lane in _lanes().values():
        lane.stop()


class _Watch:
    """When to give up on an operation."""

    def __init__(
        self, *, timeout_seconds: float, stall_seconds: float | None, cancel: threading.Event | None
    ) -> None:
        self._deadline = time.monotonic() + timeout_seconds
        self._stall_seconds = stall_seconds
        self._cancel = cancel
        self._moved_at = time.monotonic()

    def moved(self) -> None:
        """The operation got on."""
        self._moved_at = time.monotonic()

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        now = time.monotonic()
        if self._cancel is not None and self._cancel.is_set():
            raise MediaCancelled
        if now > self._deadline:
            raise MediaTimeout
        if self._stall_seconds is not None and now - self._moved_at > self._stall_seconds:
            raise MediaTimeout


class _Lane:
    """The warm child of one group, replaced when it is gone, and the queue before it."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._turn = threading.Lock()
        self._child: WarmChild | None = None

    @contextmanager
    def turn(self, watch: _Watch) -> Iterator[None]:
        """Wait for the operation before us, as long as `watch` allows."""
        while not self._turn.acquire(timeout=TICK_SECONDS):
            watch.check()
        try:
            watch.moved()
            yield
        finally:
            self._turn.release()

    def perform(self, order: dict[str, Any], watch: _Watch, on_progress: Progress) -> dict[str, Any]:
        """Have the order worked on. See `run`."""
        try:
            child = self._begin(order, watch)
            return _result(self._follow(child, watch, on_progress))
        except ChildGone as gone:
            self.stop()
            raise MediaCrashed(str(gone)) from None

    def stop(self) -> None:
        """Kill the child, if there is one, and its worker."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def rest(self) -> None:
        """Give the child's memory back, unless it is at work."""
        if self._turn.acquire(blocking=False):
            try:
                self.stop()
            finally:
                self._turn.release()

    def _begin(self, order: dict[str, Any], watch: _Watch) -> WarmChild:
        """Hand the order over; to a second child if the first has just left for want of work."""
        try:
            return self._offer(order, watch)
        except ChildGone:
            self.stop()
        return self._offer(order, watch)

    def _offer(self, order: dict[str, Any], watch: _Watch) -> WarmChild:
        if self._child is not None and not self._child.is_alive():
            self.stop()
        child = self._child = self._child or WarmChild(self._group)
        try:
            child.send(order)
            child.await_start(watch.check, within_seconds=BEGIN_SECONDS)
        except BaseException:
            self.stop()
            raise
        return child

    def _follow(self, child: WarmChild, watch: _Watch, on_progress: Progress) -> dict[str, Any]:
        """Collect what is said until the end; whatever interrupts us ends the worker too."""
        told: dict[str, Any] = {}
        try:
            while "ended" not in told:
                message = child.receive(within_seconds=TICK_SECONDS) or {}
                if "progress" in message:
                    watch.moved()
                    on_progress(message["progress"])
                told |= message
                if "ended" not in told:
                    watch.check()
        except BaseException:
            if "ended" not in told and not child.end_worker(within_seconds=END_SECONDS):
                self.stop()
            raise
        return told


_all_lanes: dict[int, dict[str, _Lane]] = {}


def _lanes() -> dict[str, _Lane]:
    """The lanes of this process. A forked process must not speak to its parent's children."""
    return _all_lanes.setdefault(os.getpid(), {})


def _rest(lanes: Iterator[_Lane]) -> None:
    for lane in list(lanes):
        lane.rest()


def _order(spec: Spec, operation: Operation, *, timeout_seconds: float, owner: str) -> dict[str, Any]:
    return {
        "owner": owner,
        "target": operation.target,
        "spec_class": f"{type(spec).__module__}:{type(spec).__name__}",
        "spec": spec.to_dict(),
        "limits": {
            "memory_bytes": operation.memory_bytes,
            "file_bytes": operation.file_bytes,
            "cpu_seconds": int(2 * timeout_seconds) + 5,
        },
    }


def _result(told: dict[str, Any]) -> dict[str, Any]:
    if "error" in told:
        raise MediaError(**told["error"])
    if "result" in told:
        result: dict[str, Any] = told["result"]
        return result
    code = os.waitstatus_to_exitcode(told["ended"])
    raise MediaCrashed(f"The media process ended with {code}. {told['stderr']}".strip())


def _ignore(_: int) -> None:
    return
