"""What is measured beside rendering: metering, export, growth and memory, in one fresh installation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cutroom import embedded, environment, stack
from tests.bench import archives, busy_site, growth, ledger_moves, signed_in, steady_memory
from tests.bench.our_engine import installation
from tests.database import close_connections

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything is done: tenants of a hundred usage events, requests, films, and so on."""

    repeats: int
    tenants: int
    megabytes: int
    requests: int
    jobs: int


# What the promises are about, and what a change is compared by, several times a day on shared machines.
FULL = Size(repeats=60, tenants=10_000, megabytes=5000, requests=10_000, jobs=100)
SMALL = Size(repeats=30, tenants=500, megabytes=200, requests=1_000, jobs=5)


@dataclass(frozen=True, kw_only=True)
class ServiceRuns:
    """What was measured. None was not asked for."""

    signed_in: signed_in.SignedIn | None
    moves: ledger_moves.Moves | None
    look_ups: ledger_moves.LookUps | None
    archives: archives.Archives | None
    growth: growth.Growth | None
    console: busy_site.Busy | None
    web: steady_memory.Memory | None
    worker: steady_memory.Memory | None


def run(work: Path, *, size: Size, wanted: Callable[[str], bool]) -> ServiceRuns:
    """Measure what is wanted of "signed-in", "moves", "look-ups", "export", "growth", "console", "memory"."""

    def if_wanted(part: str, measure: Callable[[], Result]) -> Result | None:
        return measure() if wanted(part) else None

    with _servers():
        asked = if_wanted("signed-in", lambda: signed_in.measure(repeats=size.repeats))
        moves = if_wanted("moves", lambda: ledger_moves.moves(repeats=size.repeats))
        look_ups = if_wanted("look-ups", lambda: ledger_moves.look_ups(repeats=size.repeats))
        exported = if_wanted("export", lambda: archives.measure(work, megabytes=size.megabytes))
        grown = if_wanted("growth", lambda: growth.measure(tenants=size.tenants, repeats=size.repeats))
        busy = if_wanted("console", lambda: busy_site.measure(tenants=size.tenants, repeats=size.repeats))
    web = worker = None
    if wanted("memory"):
        with installation() as running:
            web = steady_memory.of_web(running, requests=size.requests)
            worker = steady_memory.of_worker(running, jobs=size.jobs)
    return ServiceRuns(
        signed_in=asked,
        moves=moves,
        look_ups=look_ups,
        archives=exported,
        growth=grown,
        console=busy,
        web=web,
        worker=worker,
    )


@contextmanager
def _servers() -> Iterator[None]:
    """PostgreSQL and Redis without web and worker, which would take processor time."""
    var = embedded.var_dir()
    servers = environment.start_services(var)
    try:
        stack.manage("migrate", var=var, wait=time.sleep)
        yield
    finally:
        close_connections()
        servers.stop()
