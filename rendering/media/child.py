"""The warm process behind the host: loads libraries once, forks a grandchild an operation. Single-threaded.

Started as `python -m rendering.media.child GROUP PARENT_PID`. Reads one JSON order a line, writes JSON lines:
{"started": pid}, {"progress": n}, {"result": …} or {"error": …}, {"ended": wait status}.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import threading
from importlib import import_module
from typing import Any

from rendering.media.errors import MediaError
from rendering.media.operations import PRELOADED, load

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve orders until the host closes the pipe or dies."""
    group, parent = sys.argv[1], int(sys.argv[2])
    die_with(parent)
    os.umask(0o077)
    for module in PRELOADED[group]:
        import_module(module)
    for line in sys.stdin.buffer:
        _serve(json.loads(line))


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; elsewhere than Linux watch for it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before the request took effect
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        threading.Event().wait(0.5)
    os.killpg(0, signal.SIGKILL)


def _serve(order: dict[str, Any]) -> None:
    zygote = os.getpid()
    _prepare(order)
    pid = os.fork()
    if pid == 0:
        # Whatever happens, the grandchild never returns into the loop of its parent.
        try:
            _work(order, zygote)
        finally:
            os._exit(0)
    _say({"started": pid})
    _, status = os.waitpid(pid, 0)
    _say({"ended": status})


def _prepare(order: dict[str, Any]) -> None:
    """Let the operation load what it needs before the fork, once; failing is left to the operation itself."""
    module = import_module(order["target"].partition(":")[0])
    prepare = getattr(module, "prepare", None)
    if prepare is not None:
        with contextlib.suppress(Exception):
            prepare(load(order["spec_class"]).from_dict(order["spec"]))  # type: ignore[attr-defined]  # a Spec


def _work(order: dict[str, Any], zygote: int) -> None:
    os.setsid()
    die_with(zygote)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    _limit(order["limits"])
    try:
        spec = load(order["spec_class"]).from_dict(order["spec"])  # type: ignore[attr-defined]  # a Spec class
        _say({"result": load(order["target"])(spec, progress=lambda done: _say({"progress": done}))})
    except MediaError as error:
        _say({"error": {"code": error.code, "detail": error.detail, "retryable": error.retryable}})
    except MemoryError:
        detail = "This needs more memory than a step may use."
        _say({"error": {"code": "no-memory", "detail": detail, "retryable": False}})


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_bytes"],) * 2)


def _say(message: dict[str, Any]) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
