"""Real Celery workers on the test database, and ways to hurt them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
from django.conf import settings
from django.db import connections

from cutroom.embedded.processes import die_with_parent
from rendering import sweeper
from rendering.models import RenderJob, RenderStep, StepState
from tenants.context import tenant_context

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 120.0


class WorkerGroup:
    """One `celery worker` with some pool processes, in a process group of its own."""

    def __init__(
        self, *, log: Path, extra: dict[str, str] | None = None, concurrency: int = 2, prelude: str = ""
    ) -> None:
        """`prelude` is Python that the worker runs before anything else."""
        self._log = log
        self._prelude = prelude
        self._extra = extra or {}
        self._concurrency = concurrency
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        celery = ["-A", "config", "worker", "-c", str(self._concurrency)]
        program = f"{self._prelude}\nimport sys\nfrom celery.__main__ import main\nsys.exit(main())"
        command = [sys.executable, "-c", program, *celery]
        quiet = [
            "-l",
            "warning",
            "--without-gossip",
            "--without-mingle",
            "-n",
            f"chaos{time.monotonic_ns()}@%h",
        ]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*command, *quiet],
                cwd=ROOT,
                env=worker_environment(self._extra),
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_the_tests(),  # noqa: PLW1509  # it asks the kernel for one thing
            )

    def tree(self) -> list[psutil.Process]:
        """The worker and everything below it, as of now."""
        try:
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """kill -9 of the main process; its children must follow by themselves."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def revive(self) -> None:
        """What a supervisor does when the worker has ended."""
        if self.process.poll() is not None:
            self.process = self._start()

    def stop(self) -> None:
        """End the worker for the end of a test; its children die with it, which is what we promise."""
        if self.process.poll() is None:
            self.kill()


def die_with_the_tests() -> Callable[[], None]:
    """What a process of ours runs first, so that it does not outlive a test run that was killed."""
    return partial(die_with_parent, signal.SIGKILL, parent=os.getpid())


def worker_environment(extra: dict[str, str]) -> dict[str, str]:
    """The test process's environment, pointed at the test database, with short leases."""
    environment = dict(os.environ)
    for alias, name in (
        ("default", "DATABASE_URL"),
        ("ops", "DATABASE_OPS_URL"),
        ("owner", "DATABASE_OWNER_URL"),
    ):
        parts = urlsplit(environment[name])
        database = connections[alias].settings_dict["NAME"]
        environment[name] = urlunsplit(parts._replace(path=f"/{database}"))
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    environment["CUTROOM_VAR"] = str(settings.CUTROOM_VAR)
    short = {"RENDERING_LEASE_SECONDS": "2", "RENDERING_HEARTBEAT_SECONDS": "0.3"}
    return {**environment, **short, **extra}


@contextmanager
def workers(
    *, log: Path, extra: dict[str, str] | None = None, concurrency: int = 2, prelude: str = ""
) -> Iterator[WorkerGroup]:
    """A worker group for the length of a block."""
    group = WorkerGroup(log=log, extra=extra, concurrency=concurrency, prelude=prelude)
    try:
        yield group
    finally:
        group.stop()


def wait_until(condition: Callable[[], bool], *, what: str, pause_seconds: float = 0.02) -> None:
    """Poll until `condition` holds; a generous limit only keeps a broken run from hanging for ever."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(pause_seconds)


def finish(job: RenderJob, *, watch: Callable[[RenderJob], None] | None = None) -> RenderJob:
    """Sweep now and then, as beat would, until the job is final; `watch` sees it at every look."""
    swept_at = 0.0

    def is_final() -> bool:
        nonlocal swept_at
        if time.monotonic() - swept_at > 0.5:
            swept_at = time.monotonic()
            sweeper.sweep()
        now = fresh(job)
        if watch is not None:
            watch(now)
        return now.is_final

    wait_until(is_final, what=f"job {job.pk} to end", pause_seconds=0.1)
    return fresh(job)


def fresh(job: RenderJob) -> RenderJob:
    """The job as the database has it now."""
    with tenant_context(job.tenant_id):
        return RenderJob.objects.get(pk=job.pk)


def worker_of_running(job: RenderJob, kind: str) -> int:
    """Process id of whoever runs a step of `kind` now; waits for one."""
    found: list[str] = []

    def is_running() -> bool:
        with tenant_context(job.tenant_id):
            running = RenderStep.objects.filter(job=job, kind=kind, state=StepState.RUNNING)
            found[:] = running.values_list("worker", flat=True)
        return bool(found)

    wait_until(is_running, what=f"a running {kind}", pause_seconds=0.005)
    return int(found[0].rsplit(":", 1)[1])
