"""The child-process host: whatever an operation does, its caller gets an answer and no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from rendering.media import host
from rendering.media.errors import MediaCancelled, MediaCrashed, MediaError, MediaTimeout
from rendering.media.operations import MIB, OPERATIONS
from tests.rendering.media import strange
from tests.rendering.media.strange import StrangeSpec

ROOT = Path(__file__).resolve().parents[3]

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """Run a strange operation; its notes go to tmp_path/note."""

    def run(
        name: str, *, timeout_seconds: float = 20, limits: dict[str, Any] | None = None,
        needs: str | None = "", **options: Any,
    ) -> Any:  # fmt: skip
        monkeypatch.setitem(OPERATIONS, "strange", strange.operation(name, **(limits or {})))
        spec = StrangeSpec(note_path=str(tmp_path / "note"), needs=needs)
        return host.run(spec, timeout_seconds=timeout_seconds, **options)

    yield run
    host.stop_all()


def test_an_operation_runs_alone_with_limits_and_without_secrets(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    seen: list[int] = []
    told = run("describe", on_progress=seen.append)
    assert told["is_leader"]
    assert (told["umask"], told["core"], told["stdin"]) == (0o077, 0, "")
    assert "SECRET_KEY" not in told["names"]
    assert seen == [7]


def test_the_warm_child_is_kept_and_each_operation_has_a_process_of_its_own(run: Run) -> None:
    first, second = run("describe"), run("describe")
    assert first["parent"] == second["parent"]
    assert first["pid"] != second["pid"]
    assert _gone(first["pid"], second["pid"])


def test_operations_of_one_owner_share_a_process_and_nobody_else_gets_it(run: Run) -> None:
    hers, hers_too, his = run("describe", owner="a"), run("describe", owner="a"), run("describe", owner="b")
    assert hers["pid"] == hers_too["pid"] != his["pid"]
    assert hers["parent"] == his["parent"]
    assert _gone(hers["pid"])
    assert run("describe")["pid"] != his["pid"]
    assert _gone(his["pid"])


def test_a_process_is_not_kept_for_long(run: Run) -> None:
    first = run("describe", owner="a")
    assert _gone(first["pid"])
    assert run("describe", owner="a")["parent"] == first["parent"]


def test_a_process_that_failed_is_not_kept(run: Run) -> None:
    first = run("describe", owner="a")["pid"]
    with pytest.raises(MediaError):
        run("refuse", owner="a")
    assert run("describe", owner="a")["pid"] != first


def test_a_kept_process_that_died_is_replaced(run: Run) -> None:
    first = run("describe", owner="a")["pid"]
    os.kill(first, signal.SIGKILL)
    assert _gone(first)
    assert run("describe", owner="a")["pid"] != first


def test_a_kept_process_dies_with_the_warm_one(run: Run) -> None:
    kept = run("describe", owner="a")
    os.kill(kept["parent"], signal.SIGKILL)
    assert _gone(kept["pid"])


def test_a_kept_process_has_the_limits_of_each_operation(run: Run) -> None:
    first = run("describe", owner="a", limits={"file_bytes": MIB})["pid"]
    assert run("fill_disk", owner="a", limits={"file_bytes": 4 * MIB}) == {}
    assert run("describe", owner="a")["pid"] == first
    with pytest.raises(MediaError) as refusal:
        run("fill_disk", owner="a", limits={"file_bytes": MIB})
    assert refusal.value.code == "no-space"


def test_a_kept_process_is_not_given_what_needs_something_that_was_loaded_later(run: Run) -> None:
    first = run("describe", owner="a")["pid"]
    second = run("describe", owner="a", needs="a voice")["pid"]
    assert first != second == run("describe", owner="a", needs="a voice")["pid"]
    assert second == run("describe", owner="a")["pid"]


def test_an_operation_that_leaves_traces_is_done_alone(run: Run) -> None:
    first, second, third = (run("describe", owner="a", needs=needs)["pid"] for needs in ("", None, ""))
    assert len({first, second, third}) == 3


def test_a_kept_process_ends_when_its_operation_hangs(run: Run, tmp_path: Path) -> None:
    run("describe", owner="a")
    with pytest.raises(MediaTimeout):
        run("hang", owner="a", timeout_seconds=1)
    assert _gone(_noted(tmp_path)[0])


def test_the_child_outlives_the_thread_that_asked_for_it(run: Run) -> None:
    host.stop_all()
    with ThreadPoolExecutor(max_workers=1) as pool:
        first = pool.submit(run, "describe").result()
    assert run("describe")["parent"] == first["parent"]


def test_callers_in_several_threads_wait_for_each_other(run: Run) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        told = list(pool.map(lambda _: run("describe"), range(8)))
    assert len({one["parent"] for one in told}) == 1
    assert len({one["pid"] for one in told}) == 8


def test_a_refusal_arrives_with_code_detail_and_retryable(run: Run) -> None:
    with pytest.raises(MediaError, match="tomorrow") as refusal:
        run("refuse")
    assert (refusal.value.code, refusal.value.retryable) == ("not-today", True)


def test_a_crash_is_reported_with_the_last_words_however_much_was_said(run: Run) -> None:
    with pytest.raises(MediaCrashed, match="the last words"):
        run("crash")
    assert run("describe")


def test_a_mistake_is_reported_with_its_traceback(run: Run) -> None:
    with pytest.raises(MediaCrashed, match="ZeroDivisionError: a mistake"):
        run("raise_error")


@pytest.mark.fault(48)
def test_too_much_memory_is_refused(run: Run) -> None:
    with pytest.raises(MediaError, match="memory") as refusal:
        run("eat_memory", limits={"memory_bytes": 200 * MIB})
    assert refusal.value.code == "no-memory"


def test_a_file_beyond_the_limit_is_refused_as_a_full_disk(run: Run) -> None:
    with pytest.raises(MediaError) as refusal:
        run("fill_disk", limits={"file_bytes": MIB})
    assert refusal.value.code == "no-space"


def test_the_limit_ends_the_whole_process_group(run: Run, tmp_path: Path) -> None:
    with pytest.raises(MediaTimeout):
        run("hang_with_stubborn_process", timeout_seconds=1)
    assert _gone(*_noted(tmp_path))


def test_no_process_stays_behind_a_finished_operation(run: Run, tmp_path: Path) -> None:
    assert run("leave_a_process") == {}
    assert _gone(*_noted(tmp_path))


def test_cancelling_ends_the_operation(run: Run, tmp_path: Path) -> None:
    cancel = threading.Event()

    def give_up() -> None:
        _noted(tmp_path)
        cancel.set()

    watcher = threading.Thread(target=give_up)
    watcher.start()
    with pytest.raises(MediaCancelled):
        run("hang", cancel=cancel)
    watcher.join()
    assert _gone(_noted(tmp_path)[0])


def test_an_operation_without_progress_is_ended(run: Run) -> None:
    with pytest.raises(MediaTimeout):
        run("hang", limits={"stall_seconds": 0.3})


def test_an_interrupted_caller_ends_the_operation(run: Run, tmp_path: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("describe", on_progress=interrupt)
    assert run("describe")


def test_a_wedged_child_is_replaced(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    warm = run("describe")["parent"]
    os.kill(warm, signal.SIGSTOP)
    with pytest.raises(MediaTimeout):
        run("describe", timeout_seconds=0.5)
    assert _gone(warm)
    assert run("describe")["parent"] != warm


def test_a_child_that_is_wedged_during_work_is_killed_with_its_worker(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "END_SECONDS", 0.3)
    cancel = threading.Event()

    def wedge() -> None:
        os.kill(_noted(tmp_path)[1], signal.SIGSTOP)
        cancel.set()

    watcher = threading.Thread(target=wedge)
    watcher.start()
    with pytest.raises(MediaCancelled):
        run("hang", cancel=cancel)
    watcher.join()
    assert _gone(*_noted(tmp_path))


def test_a_child_that_left_is_started_again(run: Run) -> None:
    warm = run("describe")["parent"]
    os.kill(warm, signal.SIGKILL)
    assert run("describe")["parent"] != warm


def test_a_child_that_dies_during_work_is_a_crash(run: Run, tmp_path: Path) -> None:
    watcher = threading.Thread(target=lambda: os.kill(_noted(tmp_path)[1], signal.SIGKILL))
    watcher.start()
    with pytest.raises(MediaCrashed):
        run("hang")
    watcher.join()
    assert _gone(*_noted(tmp_path))


def test_a_killed_worker_leaves_no_process(tmp_path: Path) -> None:
    note = tmp_path / "note"
    program = (
        "from rendering.media import host\n"
        "from rendering.media.operations import OPERATIONS\n"
        "from tests.rendering.media import strange\n"
        "OPERATIONS['strange'] = strange.operation('hang')\n"
        f"host.run(strange.StrangeSpec(note_path={str(note)!r}), timeout_seconds=60)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    pids = _noted(tmp_path)
    killed_at = time.monotonic()
    worker.kill()
    worker.wait()
    assert _gone(*pids)
    assert time.monotonic() - killed_at < 1


def _noted(tmp_path: Path) -> list[int]:
    """The process ids an operation wrote down, as soon as it did."""
    ends = time.monotonic() + 20
    while not (tmp_path / "note").exists():
        assert time.monotonic() < ends, "the operation did not begin"
        time.sleep(0.01)
    return [int(pid) for pid in (tmp_path / "note").read_text().split()]


def _gone(*pids: int) -> bool:
    """Whether the processes end within a few seconds; the kernel needs a moment for each."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        if not any(_is_running(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
