"""Keeps a set of child processes running, and ends them in order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from cutroom.embedded import EmbeddedError
from cutroom.embedded.processes import Child

_LOOK_EVERY_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.5
_MOST_DOUBLINGS = 6
# A child that ran this long had a healthy life; its next death starts again with the shortest pause.
_HEALTHY_SECONDS = 60.0


class StopRequested(Exception):
    """Someone asked us to stop (Ctrl-C, SIGTERM)."""


@dataclass
class Part:
    """One supervised process: how it starts and how it is told to stop.

    `start` returns None when the process belongs to someone else; such a part is left alone.
    """

    name: str
    start: Callable[[], Child | None]
    stop: Callable[[Child], None]
    child: Child | None = None
    early_deaths: int = 0
    started_at: float = 0.0
    restart_at: float | None = None

    @property
    def pause_seconds(self) -> float:
        """How long to wait after the latest death."""
        doublings = max(0, min(self.early_deaths - 1, _MOST_DOUBLINGS))
        return _FIRST_PAUSE_SECONDS * 2.0**doublings

    def launch(self) -> None:
        """Start the process."""
        self.started_at = time.monotonic()
        self.restart_at = None
        self.child = self.start()

    def plan_restart(self) -> None:
        """Note a death and fix the next start; the pauses double while the process keeps dying young."""
        is_early = time.monotonic() - self.started_at < _HEALTHY_SECONDS
        self.early_deaths = self.early_deaths + 1 if is_early else 1
        self.restart_at = time.monotonic() + self.pause_seconds

    def shut_down(self) -> None:
        """Stop the process if it is ours."""
        if self.child is not None:
            self.stop(self.child)


@dataclass
class Supervisor:
    """Runs parts until asked to stop.

    `say` receives each sentence meant for the user; `news` is asked for further ones at every look.
    """

    say: Callable[[str], None]
    news: Callable[[], list[str]] = list
    parts: list[Part] = field(default_factory=list)
    _asked_to_stop: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Ignored means that our caller wants it so: nohup, or a script's background job.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._on_signal)

    def add(self, part: Part) -> None:
        """Start `part` and keep it running from now on."""
        self.parts.append(part)
        part.launch()

    def pause(self, seconds: float = _LOOK_EVERY_SECONDS) -> None:
        """Wait, then look after the parts. Raises StopRequested as soon as someone asks us to stop."""
        self._asked_to_stop.wait(seconds)
        if self._asked_to_stop.is_set():
            raise StopRequested
        for sentence in self.news():
            self.say(sentence)
        for part in self.parts:
            self._look_after(part)

    def stop(self) -> None:
        """Stop all parts, the last started first."""
        for part in reversed(self.parts):
            part.shut_down()
        self.parts.clear()

    def _look_after(self, part: Part) -> None:
        if part.restart_at is not None:
            if time.monotonic() >= part.restart_at:
                self._restart(part)
        elif part.child is not None and not part.child.is_running:
            part.child.stop()
            self.say(f"{part.name} stopped ({_end_of(part.child)}), restarting")
            part.plan_restart()

    def _restart(self, part: Part) -> None:
        try:
            part.launch()
        except EmbeddedError as trouble:
            self.say(str(trouble))
            part.plan_restart()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        self._asked_to_stop.set()


def _end_of(child: Child) -> str:
    code = child.process.returncode
    return f"signal {-code}" if code < 0 else f"exit code {code}"
