"""The operator's virus scanner, asked about every file before it is opened. Fails closed."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from django.conf import settings

from cutroom.errors import Unavailable
from rendering.errors import UnusableFile

SECONDS = 40
CLEAN, INFECTED = 0, 1


def refuse_infected(path: Path) -> None:
    """Ask RENDERING_SCAN_COMMAND about a file; `{path}` in it stands for the file. Without one, nothing.

    Exit codes are clamdscan's: 0 is clean, 1 infected, else a fault. Raises UnusableFile, Unavailable.
    """
    command = str(settings.RENDERING_SCAN_COMMAND)
    if not command:
        return
    words = [word.replace("{path}", str(path)) for word in shlex.split(command)]
    try:
        result = subprocess.run(
            words, capture_output=True, timeout=SECONDS, check=False, start_new_session=True
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("The virus scanner does not answer. Try again later.") from error
    if result.returncode == INFECTED:
        detail = "The virus scanner found something in this file. It was not kept."
        raise UnusableFile(errors=[{"field": "file", "code": "virus-found", "detail": detail}])
    if result.returncode != CLEAN:
        raise Unavailable("The virus scanner failed. Try again later.")
