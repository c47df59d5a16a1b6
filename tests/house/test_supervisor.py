"""The supervisor restarts what dies, says so, and stops everything in order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from cutroom.embedded import EmbeddedError
from cutroom.embedded.processes import Child, spawn
from cutroom.supervisor import Part, StopRequested, Supervisor

# A worker with one pool child: prints the child's id, then both wait.
_WORKER = (
    "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(said.append)
    yield supervisor
    supervisor.stop()


def start_program(tmp_path: Path, name: str, *command: str) -> Child:
    return spawn(
        command,
        name=name,
        log=tmp_path / f"{name}.log",
        environment=dict(os.environ),
        working_directory=tmp_path,
    )


@pytest.fixture
def part(tmp_path: Path) -> Callable[..., Part]:
    def make(name: str, *command: str, stop: Callable[[Child], None] = Child.stop) -> Part:
        return Part(name, partial(start_program, tmp_path, name, *(command or ("sleep", "600"))), stop)

    return make


def pause_until(supervisor: Supervisor, is_reached: Callable[[], bool]) -> None:
    while not is_reached():
        supervisor.pause(0.01)


def test_a_killed_part_is_restarted_and_named(
    supervisor: Supervisor, said: list[str], part: Callable[..., Part]
) -> None:
    worker = part("worker")
    supervisor.add(worker)
    first = worker.child
    assert first
    first.process.kill()
    pause_until(supervisor, lambda: worker.child is not first)
    assert said == ["worker stopped (signal 9), restarting"]


def test_what_a_killed_part_leaves_behind_is_killed_before_the_restart(
    supervisor: Supervisor, part: Callable[..., Part], tmp_path: Path
) -> None:
    worker = part("worker", sys.executable, "-c", _WORKER)
    supervisor.add(worker)
    log = tmp_path / "worker.log"
    pause_until(supervisor, lambda: log.read_text().endswith("\n"))
    orphan = int(log.read_text())
    first = worker.child
    assert first
    first.process.kill()
    pause_until(supervisor, lambda: worker.child is not first)
    assert not is_alive(orphan)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_pauses_double_while_a_part_keeps_dying_young() -> None:
    part = Part("web", lambda: None, Child.stop)
    pauses = []
    for _ in range(9):
        part.launch()
        part.plan_restart()
        pauses.append(part.pause_seconds)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 32, 32]


def test_a_long_life_is_forgiven_its_end() -> None:
    part = Part("web", lambda: None, Child.stop, early_deaths=5, started_at=-3600.0)
    part.plan_restart()
    assert part.pause_seconds == 0.5


def test_a_part_that_cannot_start_again_is_tried_later(supervisor: Supervisor, said: list[str]) -> None:
    def refuse() -> Child:
        raise EmbeddedError("no room")

    part = Part("postgres", refuse, Child.stop, restart_at=0.0)
    supervisor.parts.append(part)
    supervisor.pause(0)
    assert said == ["no room"]
    assert part.restart_at
    assert part.child is None


def test_parts_of_someone_else_are_left_alone(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.add(Part("postgres", lambda: None, Child.stop))
    supervisor.pause(0)
    assert said == []


def test_parts_stop_in_reverse_order(supervisor: Supervisor, part: Callable[..., Part]) -> None:
    stopped: list[str] = []

    def stop(child: Child) -> None:
        stopped.append(child.name)
        child.stop((signal.SIGTERM, 5.0))

    for name in ("postgres", "worker", "web"):
        supervisor.add(part(name, stop=stop))
    supervisor.stop()
    assert stopped == ["web", "worker", "postgres"]


def test_a_part_that_ignores_its_signal_is_killed(part: Callable[..., Part], tmp_path: Path) -> None:
    deaf = part("web", "sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done")
    deaf.launch()
    assert deaf.child
    while not (tmp_path / "web.log").read_text():
        assert deaf.child.is_running
    deaf.child.stop((signal.SIGTERM, 0.1))
    assert deaf.child.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_the_end(supervisor: Supervisor, signum: signal.Signals) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        supervisor.listen()
        os.kill(os.getpid(), signum)
        with pytest.raises(StopRequested):
            supervisor.pause(600)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
