"""The terminal of `make run`: few lines, and only those a developer waits for."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_MAGIC_LINK = re.compile(r"https?://[^\s\"\\]+/login\?token=[^\s\"\\]+")
_LARGEST_LOG_BYTES = 20 * 1024 * 1024


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    # A progress bar may stand on this line of a terminal.
    clear = "\r\x1b[K" if sys.stdout.isatty() else ""
    _write(f"{clear}{text}\n")


class LogWatch:
    """Follows the log files of the children: keeps them small, and finds the lines worth showing."""

    def __init__(self, *paths: Path) -> None:
        self._positions = {path: path.stat().st_size if path.exists() else 0 for path in paths}
        self._hidden: list[str] = []

    def hide(self, text: str) -> None:
        """Lines with this text are no news, such as a sign-in link that we use ourselves."""
        self._hidden.append(text)

    def news(self) -> list[str]:
        """Errors and sign-in links written since the last call, one short line each."""
        return [line for path in self._positions for line in self._worth_showing(path)]

    def _worth_showing(self, path: Path) -> Iterator[str]:
        for line in self._new_lines(path):
            if any(text in line for text in self._hidden):
                continue
            if link := _MAGIC_LINK.search(line):
                yield f"{path.stem}: sign-in link {link.group()}"
            elif event := _error_event(line):
                yield f"{path.stem}: {event}  (details in {path})"

    def _new_lines(self, path: Path) -> list[str]:
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(self._positions[path])
            # A line still being written waits for the next look.
            complete, newline, _ = file.read().rpartition(b"\n")
        self._positions[path] += len(complete) + len(newline)
        self._shorten(path)
        return complete.decode(errors="replace").splitlines()

    def _shorten(self, path: Path) -> None:
        if self._positions[path] < _LARGEST_LOG_BYTES:
            return
        shutil.copyfile(path, path.with_suffix(".old.log"))
        # The child appends, so it goes on at the new end.
        with path.open("r+b") as file:
            file.truncate(0)
        self._positions[path] = 0


class ProgressBar:
    """A bar that redraws its line on a terminal, and prints each quarter elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._is_terminal = sys.stdout.isatty()
        self._shown = -1

    def show(self, percent: int) -> None:
        """Draw the bar at `percent` (0 to 100) if that changes anything visible."""
        visible = percent if self._is_terminal else percent // 25 * 25
        if visible == self._shown:
            return
        self._shown = visible
        bar = ("█" * (visible * 30 // 100)).ljust(30, "░")
        end = "" if self._is_terminal and visible < 100 else "\n"
        start = "\r" if self._is_terminal else ""
        _write(f"{start}{self._title}  {bar} {visible:3d} %{end}")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _error_event(line: str) -> str | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    is_error = isinstance(record, dict) and record.get("level") in {"error", "critical"}
    return str(record.get("event", "")).splitlines()[0] if is_error else None
