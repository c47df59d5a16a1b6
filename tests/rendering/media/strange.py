"""Operations that misbehave, for the tests of the host. They run in the warm child's workers."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rendering.media.errors import MediaError
from rendering.media.operations import MIB, Operation
from rendering.media.specs import Spec

Progress = Callable[[int], None]

STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)


@dataclass(frozen=True, kw_only=True)
class StrangeSpec(Spec):
    """Does what its operation's name says; `note_path` is where it tells its process ids.

    `needs` is what must have been loaded before, None a process of its own.
    """

    operation: ClassVar[str] = "strange"
    note_path: str = ""
    needs: str | None = ""


def operation(name: str, **changes: Any) -> Operation:
    """The operation of that name in this module."""
    return Operation(target=f"{__name__}:{name}", **changes)


def prepare(spec: StrangeSpec) -> str | None:
    """What the operation needs."""
    return spec.needs


def describe(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """What the process is allowed and told."""
    umask = os.umask(0o077)
    progress(7)
    print("libraries may print")  # must not disturb the conversation
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "is_leader": os.getpgrp() == os.getpid(),
        "umask": umask,
        "names": sorted(os.environ),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "stdin": os.read(0, 1).decode(),
    }


def hang(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """Tell who we are, then stand still."""
    _tell(spec, os.getpid(), os.getppid())
    time.sleep(60)
    return {}


def hang_with_stubborn_process(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """Wait for a process of our own that ignores SIGTERM, as a hanging ffmpeg would be waited for."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    _tell(spec, os.getpid(), process.pid)
    process.wait()
    return {}


def leave_a_process(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """End, and leave a process of our own behind."""
    command = [sys.executable, "-c", STUBBORN]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _tell(spec, process.pid)
    return {}


def crash(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """Die as a broken library does, after very much noise."""
    os.write(2, b"noise\n" * 200_000)
    os.write(2, b"the last words\n")
    os.abort()


def raise_error(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """A mistake in an operation."""
    raise ZeroDivisionError("a mistake")


def refuse(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """A refusal with all its parts."""
    raise MediaError("not-today", "Come back tomorrow.", retryable=True)


def eat_memory(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """Ask for more than is allowed."""
    return {"bytes": len(bytearray(512 * MIB))}


def fill_disk(spec: StrangeSpec, *, progress: Progress) -> dict[str, Any]:
    """Write more than is allowed."""
    Path(spec.note_path).write_bytes(bytes(2 * MIB))
    return {}


def _tell(spec: StrangeSpec, *pids: int) -> None:
    note = Path(spec.note_path)
    note.with_suffix(".part").write_text(" ".join(map(str, pids)))
    note.with_suffix(".part").rename(note)
