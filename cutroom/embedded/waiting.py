"""Start a server, or attach to the one that already owns the directory."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from cutroom.embedded.errors import EmbeddedError
from cutroom.embedded.places import Place
from cutroom.embedded.processes import Child

_POLL_SECONDS = 0.02
# For a server that is not ours and holds its directory without answering; our own is awaited while it lives.
_STRANGER_SECONDS = 60.0


def start_or_attach(
    where: Place, *, is_ready: Callable[[], bool], launch: Callable[[int], Child]
) -> Child | None:
    """Return once the server at `where` answers: our new child, or None when another process owns it.

    `launch` receives the descriptor of the life lock and hands it on to the server.
    """
    life_lock = _lock_or_ready(where, is_ready)
    if life_lock is None:
        return None
    try:
        child = launch(life_lock)
    finally:
        os.close(life_lock)
    _await_own(child, where, is_ready)
    return child


def _lock_or_ready(where: Place, is_ready: Callable[[], bool]) -> int | None:
    deadline = time.monotonic() + _STRANGER_SECONDS
    while (life_lock := where.try_lock()) is None:
        if is_ready():
            return None
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Another process holds {where.root}, but its server does not answer.")
        time.sleep(_POLL_SECONDS)
    return life_lock


def _await_own(child: Child, where: Place, is_ready: Callable[[], bool]) -> None:
    try:
        while not is_ready():
            if not child.is_running:
                raise EmbeddedError(f"{child.name} did not start. Its last words:\n{_last_lines(where)}")
            time.sleep(_POLL_SECONDS)
    except BaseException:
        child.stop((signal.SIGTERM, 5.0))
        raise


def _last_lines(where: Place) -> str:
    return "\n".join(where.log.read_text(errors="replace").splitlines()[-10:])
