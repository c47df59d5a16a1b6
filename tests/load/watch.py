"""What machine and queues do meanwhile: looked at every second, from outside the processes watched."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil
import psycopg

from cutroom.run import Stack
from tests.bench import processes

LOOK_EVERY_SECONDS = 1.0
WAITING = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(greatest(ready_at, not_before))), 0)::float
FROM rendering_renderstep
WHERE state = 'ready' AND coalesce(not_before, ready_at) <= clock_timestamp()
"""
DONE = "SELECT count(*) FROM rendering_renderstep WHERE state = 'succeeded' AND NOT is_cached"
VIDEOS = "SELECT count(*) FROM rendering_renderjob WHERE state = 'succeeded'"
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"


@dataclass
class Sight:
    """One look, `at` seconds after the first: how long the oldest step waits, what was done so far, processor
    seconds of each part."""

    at: float
    queue_seconds: float
    steps: int
    videos: int
    connections: int
    cpu_seconds: dict[str, float] = field(default_factory=dict)


class Watch(threading.Thread):
    """Looks at a running installation during a `with` block; one look a second."""

    def __init__(self, running: Stack) -> None:
        super().__init__(name="watch", daemon=True)
        self._parts = dict(_parts(running))
        self._asked_to_stop = threading.Event()
        self.sights: list[Sight] = []

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._asked_to_stop.set()
        self.join()

    def run(self) -> None:
        """Look until stopped."""
        began = time.monotonic()
        with psycopg.connect(os.environ["DATABASE_OPS_URL"], autocommit=True) as connection:
            while not self._asked_to_stop.wait(LOOK_EVERY_SECONDS):
                self.sights.append(self._look(connection, at=time.monotonic() - began))

    def _look(self, connection: psycopg.Connection, *, at: float) -> Sight:
        return Sight(
            at=at,
            queue_seconds=float(_value(connection, WAITING)),
            steps=int(_value(connection, DONE)),
            videos=int(_value(connection, VIDEOS)),
            connections=int(_value(connection, CONNECTIONS)),
            cpu_seconds={name: processes.cpu_seconds(process) for name, process in self._parts.items()},
        )


def _parts(running: Stack) -> Iterator[tuple[str, psutil.Process]]:
    for part in running.supervisor.parts:
        if part.child is not None:
            yield part.name, psutil.Process(part.child.process.pid)


def _value(connection: psycopg.Connection, statement: str) -> float:
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else 0.0
