"""Operations inside a process of their own: limits, the call, and the answer."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import resource
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rendering.media.errors import MediaError, write_error
from rendering.media.lines import Lines

PROGRESS_SECONDS = 0.2

Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where a worker finds its orders, after the first. A byte through `done` says that it waits for one.

    Its standard input is empty while it works, and is the pipe of its orders while it waits, so whoever looks
    from outside can tell.
    """

    orders: int
    done: int
    say: Say

    def serve(self, order: dict[str, Any]) -> int:
        """Work on orders while they go well and their owner may have more; the exit code of the process."""
        code = self._work(order)
        while code == 0 and order["owner"]:
            order = self._next()
            code = self._work(order)
        return code

    def _work(self, order: dict[str, Any]) -> int:
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        return work(order, say=self.say)

    def _next(self) -> dict[str, Any]:
        os.dup2(self.orders, 0)
        os.write(self.done, b".")
        gc.collect()
        order: dict[str, Any] = json.loads(Lines(0).next(timeout=None) or b"")
        return order


def work(order: dict[str, Any], *, say: Say) -> int:
    """Do what is ordered and say {"result"} or {"error"}; 0 when it went well."""
    faulthandler.enable()
    _limit(**order["limits"], is_final=not order["owner"])
    try:
        spec = load(order["spec_class"]).from_dict(order["spec"])
        say({"result": load(order["target"])(spec, progress=_Progress(say))})
    except MediaError as error:
        say({"error": _refusal(error)})
    except MemoryError:
        say({"error": _refusal(MediaError("no-memory", "This needs more memory than a step may use."))})
    except OSError as error:
        traceback.print_exc()
        say({"error": _refusal(write_error(error))})
    except Exception:
        traceback.print_exc()
    else:
        return 0
    return 1


def load(target: str) -> Any:
    """What "module:name" names."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


class _Progress:
    """Tells the host how far the work is, a few times a second."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said_at = 0.0

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._said_at >= PROGRESS_SECONDS:
            self._said_at = now
            self._say({"progress": done})


def _refusal(error: MediaError) -> dict[str, Any]:
    return {"code": error.code, "detail": error.detail, "retryable": error.retryable}


def _limit(*, memory_bytes: int, file_bytes: int, cpu_seconds: int, is_final: bool) -> None:
    """Limit what this process may use; for good, or for its present order."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    mapped = _mapped_bytes()
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(used.ru_utime + used.ru_stime) + cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
    }
    if mapped:
        limits[resource.RLIMIT_AS] = mapped + memory_bytes
    for kind, value in limits.items():
        _set_limit(kind, value, is_final=is_final)


def _set_limit(kind: int, value: int, *, is_final: bool) -> None:
    _, most = resource.getrlimit(kind)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    # macOS refuses to limit the address space.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value if is_final else most))


def _mapped_bytes() -> int:
    """Address space in use; libraries map far more than they touch, so limits are set above it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()
