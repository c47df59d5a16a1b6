"""One operation inside its own process: limits, the call, and the answer."""

from __future__ import annotations

import contextlib
import faulthandler
import resource
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from rendering.media.errors import MediaError, write_error

PROGRESS_SECONDS = 0.2

Say = Callable[[dict[str, Any]], None]


def work(order: dict[str, Any], *, say: Say) -> int:
    """Do what is ordered, say {"result"} or {"error"}, and return the exit code of the process."""
    faulthandler.enable()
    _limit(**order["limits"])
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
        return 1
    return 0


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


def _limit(*, memory_bytes: int, file_bytes: int, cpu_seconds: int) -> None:
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_CPU, cpu_seconds)
    _set_limit(resource.RLIMIT_FSIZE, file_bytes)
    mapped = _mapped_bytes()
    if mapped:
        _set_limit(resource.RLIMIT_AS, mapped + memory_bytes)


def _set_limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    # macOS refuses to limit the address space.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def _mapped_bytes() -> int:
    """Address space in use; libraries map far more than they touch, so limits are set above it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()
