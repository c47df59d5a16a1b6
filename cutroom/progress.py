"""How far a long command is, on its terminal. Deep code tells; nothing is drawn where nobody looks.

A command opens `shown()`; whatever loops below it wraps its items in `each()`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO, TypeVar

T = TypeVar("T")

_WIDTH = 30
_PAUSE_SECONDS = 0.1
_stream: ContextVar[TextIO | None] = ContextVar("progress", default=None)


@contextmanager
def shown(*, is_wanted: bool = True, stream: TextIO | None = None) -> Iterator[None]:
    """Draw the bars of everything inside on `stream` (stderr), if that is a terminal and they are wanted."""
    target = stream or sys.stderr
    token = _stream.set(target if is_wanted and target.isatty() else None)
    try:
        yield
    finally:
        _stream.reset(token)


def each(title: str, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
    """The items, one after the other, with a bar that moves; without a total, with a count."""
    stream = _stream.get()
    if stream is None:
        yield from items
        return
    drawn_at = 0.0
    count = 0
    for count, item in enumerate(items, start=1):
        if time.monotonic() - drawn_at >= _PAUSE_SECONDS:
            _draw(stream, title, count - 1, total)
            drawn_at = time.monotonic()
        yield item
    _draw(stream, title, count, total if total is None else max(total, count))
    stream.write("\n")


def _draw(stream: TextIO, title: str, count: int, total: int | None) -> None:
    if not total:
        stream.write(f"\r\x1b[K{title}  {count:,}")
    else:
        share = min(count / total, 1)
        bar = ("█" * round(share * _WIDTH)).ljust(_WIDTH, "░")
        stream.write(f"\r\x1b[K{title}  {bar} {count:,} of {total:,}")
    stream.flush()
