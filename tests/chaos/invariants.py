"""What must hold after every fault, whatever it was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import av
import psutil
from django.db.models import Sum

from metering.models import QuotaCounter, Reservation, UsageEvent
from rendering import conf
from rendering.keys import VIDEO_FILES, video_key
from rendering.models import CacheEntry, JobState, RenderJob, RenderStep, StepState
from rendering.scratch import LOCK_NAME
from tenants import storage
from tenants.context import tenant_context
from tests.workers import ROOT


def assert_all(job: RenderJob) -> None:
    """The invariants of one tenant after its job has ended."""
    with tenant_context(job.tenant_id):
        job.refresh_from_db()
        assert job.is_final
        assert_steps_ended(job)
        assert_ledger_exact(job)
        assert_cache_has_its_files()
    if job.state == JobState.SUCCEEDED:
        assert_one_video(job)


def assert_steps_ended(job: RenderJob) -> None:
    """No step of a final job is ready or running; each slot exists once."""
    steps = list(RenderStep.objects.filter(job=job))
    assert not [s for s in steps if s.state in (StepState.READY, StepState.RUNNING)]
    slots = Counter((s.kind, s.scene, s.part) for s in steps)
    assert set(slots.values()) <= {1}


def assert_ledger_exact(job: RenderJob) -> None:
    """counter == sum(ledger), nothing held, and the job charged exactly what its steps did."""
    for counter in QuotaCounter.objects.all():
        events = UsageEvent.objects.filter(meter=counter.meter, period_start=counter.period_start)
        assert counter.used == (events.aggregate(total=Sum("amount"))["total"] or 0)
        assert counter.held == 0
    assert not Reservation.objects.filter(state="held").exists()
    charged = {e.meter: e.amount for e in UsageEvent.objects.filter(key__startswith=f"render:{job.pk}:")}
    expected: Counter[str] = Counter()
    if job.state == JobState.SUCCEEDED:
        for step in RenderStep.objects.filter(job=job):
            expected.update(step.charges)
    assert charged == {meter: amount for meter, amount in expected.items() if amount}


def assert_cache_has_its_files() -> None:
    """Every cache row points at a whole file."""
    for entry in CacheEntry.objects.all():
        assert storage.file_size(entry.storage_key) == entry.size_bytes


def assert_one_video(job: RenderJob) -> None:
    """The video decodes to its last frame and is as long as planned, within a tenth of a second a scene."""
    for extension in VIDEO_FILES:
        assert storage.file_exists(video_key(job, extension))
    with tenant_context(job.tenant_id):
        stitch = RenderStep.objects.get(job=job, kind="stitch")
    planned = sum(stitch.inputs["segment_frames"])
    with storage.local_path(video_key(job, "mp4")) as path, av.open(str(path)) as film:
        assert sum(1 for _ in film.decode(video=0)) == planned
    with storage.local_path(video_key(job, "mp4")) as path, av.open(str(path)) as film:
        seconds = (film.duration or 0) / av.time_base
    assert abs(seconds - planned / job.fps) <= 0.1 * len(job.script["scenes"])


def scratch_files() -> list[Path]:
    """Temporary files of steps, of any process."""
    root = conf.scratch_dir()
    return [path for path in root.rglob("*") if path.is_file() and path.name != LOCK_NAME]


def media_processes() -> set[int]:
    """Ids of the media processes alive now, of anybody."""
    return {p.pid for p in psutil.process_iter() if _is_media(p)}


def _is_media(process: psutil.Process) -> bool:
    try:
        # Another checkout on this machine may be rendering too.
        return "rendering.media" in " ".join(process.cmdline()) and Path(process.cwd()) == ROOT
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
