"""Named places where a process can be made to die or to stop: so every gap between two writes is tested."""

import os
import signal
from pathlib import Path

_ENDS = (("", signal.SIGKILL), (".pause", signal.SIGSTOP))


def crash_at(name: str) -> None:
    """Kill this process here when the directory CUTROOM_CRASH_POINTS holds a file `name`, stop it for
    `name`.pause.

    The file is removed first, so one file is one crash, whichever process meets it. Does nothing when the
    variable is absent, as in production.
    """
    directory = os.environ.get("CUTROOM_CRASH_POINTS")
    if not directory:
        return
    for ending, signum in _ENDS:
        try:
            Path(directory, f"{name}{ending}").unlink()
        except OSError:
            continue
        os.kill(os.getpid(), signum)
