"""Named places where a process can be made to die, so that every gap between two writes is tested."""

import os
import signal
from pathlib import Path


def crash_at(name: str) -> None:
    """Kill this process at `name` when CUTROOM_CRASH_AT names it and its once-file can be taken.

    CUTROOM_CRASH_AT is `name:path`; the file at `path` is removed first, so one file is one crash, whichever
    process meets it. Does nothing when the variable is absent, as in production.
    """
    wanted, _, once = os.environ.get("CUTROOM_CRASH_AT", "").partition(":")
    if wanted != name:
        return
    try:
        Path(once).unlink()
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
