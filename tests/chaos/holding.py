"""Catch a worker in the middle of a step: its media processes stand still, so it cannot finish."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from rendering.models import Project, RenderJob, RenderStep, StepState
from tenants.context import tenant_context
from tests.workers import WorkerGroup, fresh, wait_until

Tries = Callable[[], RenderJob]


@dataclass(frozen=True)
class Held:
    """A step in the hands of a worker, and the media processes that stand still."""

    job: RenderJob
    step: RenderStep
    media: list[psutil.Process]

    @property
    def worker(self) -> int:
        """Process id of the worker."""
        return worker_of(self.step)

    def let_go(self) -> None:
        """The media processes go on."""
        signal_all(self.media, signal.SIGCONT)


def hold(job: RenderJob, group: WorkerGroup, kind: str = "") -> Held | None:
    """Wait for a running step (of a kind), and hold it. None when the job was faster."""
    held: list[Held] = []

    def caught() -> bool:
        for step in running(job, kind):
            media = operations_below(worker_of(step))
            signal_all(media, signal.SIGSTOP)
            if media and worker_of(step) in pids(group) and again(step).state == StepState.RUNNING:
                held.append(Held(job, step, media))
                return True
            signal_all(media, signal.SIGCONT)
        return fresh(job).is_final

    wait_until(caught, what=f"a step to hold ({kind or 'any kind'})", pause_seconds=0.002)
    return held[0] if held else None


def hold_a(kind: str, *, project: Project, ask: Tries, group: WorkerGroup) -> Held:
    """Hold a step of a kind in some job of the project: new words each time, so that nothing is cached."""
    for number in range(20):
        with tenant_context(project.tenant_id):
            for scene in project.scenes.all():
                scene.narration = f"{scene.narration} {number}."
                scene.save()
        held = hold(ask(), group, kind)
        if held is not None:
            return held
    raise AssertionError(f"every {kind} was faster than the test")


def running(job: RenderJob, kind: str = "") -> list[RenderStep]:
    """Steps that are being worked on."""
    with tenant_context(job.tenant_id):
        steps = RenderStep.objects.filter(job=job, state=StepState.RUNNING)
        return list(steps.filter(kind=kind) if kind else steps)


def steps_of(job: RenderJob) -> dict[tuple[str, int | None, int], RenderStep]:
    """All steps of a job by what they are."""
    with tenant_context(job.tenant_id):
        return {(s.kind, s.scene, s.part): s for s in RenderStep.objects.filter(job=job)}


def again(step: RenderStep) -> RenderStep:
    """The step as the database has it now."""
    with tenant_context(step.tenant_id):
        return RenderStep.objects.get(pk=step.pk)


def worker_of(step: RenderStep) -> int:
    """Process id of the worker that has, or had, the step."""
    return int(step.worker.rsplit(":", 1)[1])


def pids(group: WorkerGroup) -> set[int]:
    """Process ids of a worker group."""
    return {process.pid for process in group.tree()}


def media_below(pid: int) -> list[psutil.Process]:
    """The media processes of a worker process."""
    with suppress(psutil.NoSuchProcess):
        return [p for p in psutil.Process(pid).children(recursive=True) if _is_media(p)]
    return []


def operations_below(pid: int) -> list[psutil.Process]:
    """Those of them that work: a media process below a media process, and tied to it."""
    return [
        p for p in media_below(pid) if (above := p.parent()) is not None and _is_media(above) and _is_tied(p)
    ]


def signal_all(processes: Iterable[psutil.Process], signum: signal.Signals) -> None:
    """Send a signal to whoever is still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signum)


def _is_media(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "rendering.media" in " ".join(process.cmdline())
    return False


def _is_tied(process: psutil.Process) -> bool:
    # It asks the kernel to die with its parent, and then closes its input (rendering/media/child.py). Stopped
    # before that it could not ask, and would be left.
    with suppress(OSError):
        return str(Path(f"/proc/{process.pid}/fd/0").readlink()) == os.devnull
    return False
