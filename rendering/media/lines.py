"""Lines through pipes between a media process and those above and below it."""

from __future__ import annotations

import os
import select
import time


class Lines:
    """What comes out of a pipe, line by line."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._buffer = b""

    def next(self, *, timeout: float | None) -> bytes | None:
        """The next line, or None when none came in time. Raises EOFError when nobody can write any more."""
        ends = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = None if ends is None else max(0.0, ends - time.monotonic())
            if not select.select([self._source], [], [], left)[0]:
                return None
            data = os.read(self._source, 1 << 16)
            if not data:
                raise EOFError
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def write_all(target: int, data: bytes) -> None:
    """Write, waiting for the reader where the pipe is full. Raises OSError when there is none."""
    while data:
        data = data[os.write(target, data) :]
