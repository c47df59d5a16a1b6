"""The same deed from many threads at once, each on its own connection. For tests marked `committed`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")


def at_once(deed: Callable[[int], Answer], *, count: int, threads: int | None = None) -> list[Answer]:
    """Call deed(0) … deed(count - 1) from threads that start together; answers in that order.

    One thread a call unless `threads` says less. Raises what a call raised. Connections are closed.
    """
    size = threads or count
    start = threading.Barrier(size)

    def work(number: int) -> Answer:
        if number < size:
            start.wait()
        try:
            return deed(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(work, range(count)))


def in_a_loop(evening: Coroutine[None, None, Answer]) -> Answer:
    """What the coroutine gives, from an event loop of its own: Playwright's keeps the main thread."""
    [answer] = at_once(lambda _: asyncio.run(evening), count=1)
    return answer
