"""The invariants I1 to I8 of docs/reliability.md: what must hold after every fault, whatever it was.

One checker: `assert_everywhere` looks at all tenants, `assert_all` at the tenant of one job.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import av
import psutil
from django.core.files.storage import default_storage

from cutroom import clock, conf, scratch
from cutroom.scratch import LOCK_NAME
from gdpr.data_map import data_map
from gdpr.erasure import scanning
from gdpr.models import Erasure, ErasureState
from metering import reconciliation
from metering.models import Reservation, UsageEvent
from rendering.keys import video_key
from rendering.models import JobState, RenderJob, RenderStep, StepState
from tenants import audit_verification, storage
from tenants import conf as tenants_conf
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.workers import wait_until

# What a step stores before the transaction that names it commits; the nightly purge removes what stays.
GRACE_AREAS = frozenset({"cache"})
# Command lines of processes that may keep a warm media child.
KEEPERS = ("celery", "uvicorn", "manage.py")


def assert_everywhere(*, media_before: Iterable[int] = (), broken: Iterable[str] = ()) -> None:
    """All invariants, over every tenant there is; without those that the fault itself has `broken`."""
    tenants = list(Tenant.objects.using("ops").values_list("pk", flat=True))
    for tenant_id in tenants:
        assert_tenant(tenant_id)
        if "I4" not in broken:
            assert_rows_and_files_agree(tenant_id)
        if "I6" not in broken:
            assert_audit_chain_whole(tenant_id)
    assert_books_exact()
    assert_files_belong_to_tenants(set(tenants))
    assert_nothing_runs_on(media_before)
    assert_the_erased_are_gone()


def assert_all(job: RenderJob) -> None:
    """The invariants of one tenant after its job has ended."""
    with tenant_context(job.tenant_id):
        job.refresh_from_db()
    assert_tenant(job.tenant_id)
    assert_rows_and_files_agree(job.tenant_id)
    assert_books_exact()


def assert_tenant(tenant_id: UUID) -> None:
    """I1 to I3 of one tenant."""
    with tenant_context(tenant_id):
        jobs = list(RenderJob.objects.all())
        for job in jobs:
            assert_job_ended(job)
            assert_charged_exactly(job)
        assert_nothing_held_for_nobody(jobs)
    for job in jobs:
        if job.state == JobState.SUCCEEDED:
            assert_one_video(job)


def assert_audit_chain_whole(tenant_id: UUID) -> None:
    """I6: the audit log is what was recorded."""
    report = audit_verification.verify(tenant_id, at=clock.now())
    assert report.is_ok, report.problems


def assert_job_ended(job: RenderJob) -> None:
    """I1: the job has come to its end; none of its steps can go on, and each exists once."""
    assert job.is_final, f"{job.pk} is {job.state}"
    steps = list(RenderStep.objects.filter(job=job))
    assert not [s for s in steps if s.state in (StepState.READY, StepState.RUNNING)]
    slots = Counter((s.kind, s.scene, s.part) for s in steps)
    assert set(slots.values()) <= {1}


def assert_charged_exactly(job: RenderJob) -> None:
    """I2: the job was charged once for what its steps did; nothing unless it succeeded."""
    events = list(UsageEvent.objects.filter(key__startswith=f"render:{job.pk}:"))
    charged = {event.meter: event.amount for event in events}
    assert len(charged) == len(events)
    expected: Counter[str] = Counter()
    if job.state == JobState.SUCCEEDED:
        for step in RenderStep.objects.filter(job=job):
            expected.update(step.charges)
    assert charged == {meter: amount for meter, amount in expected.items() if amount}


def assert_nothing_held_for_nobody(jobs: list[RenderJob]) -> None:
    """I2: no reservation of a job outlives it."""
    keys = set(Reservation.objects.filter(state="held").values_list("key", flat=True))
    assert not {key for job in jobs for key in keys if key.startswith(f"render:{job.pk}:")}


def assert_books_exact() -> None:
    """I2: counters, ledger, daily sums, shares, reservations and credits agree, for everybody."""
    wrong = [balance for balance in reconciliation.balances() if not balance.is_exact]
    assert wrong == []
    assert reconciliation.wrong_lots() == []


def assert_one_video(job: RenderJob) -> None:
    """I3: the video decodes to its last frame and is as long as planned, within a tenth a scene."""
    with tenant_context(job.tenant_id):
        stitch = RenderStep.objects.get(job=job, kind="stitch")
    planned = sum(stitch.inputs["segment_frames"])
    with storage.local_path(video_key(job, "mp4")) as path, av.open(str(path)) as film:
        assert sum(1 for _ in film.decode(video=0)) == planned
    with storage.local_path(video_key(job, "mp4")) as path, av.open(str(path)) as film:
        seconds = (film.duration or 0) / av.time_base
    assert abs(seconds - planned / job.fps) <= 0.1 * len(job.script["scenes"])


def assert_rows_and_files_agree(tenant_id: UUID) -> None:
    """I4: neither is there without the other."""
    with tenant_context(tenant_id):
        assert_rows_have_their_files(tenant_id)
        assert_files_have_their_rows(tenant_id)


def assert_rows_have_their_files(tenant_id: UUID) -> None:
    """I4: what a row names lies in the store, with all its companions."""
    for area in data_map().storage():
        promised = list(area.promised(tenant_id)) if area.promised else []
        assert [key for key in promised if not storage.file_exists(key)] == []


def assert_files_have_their_rows(tenant_id: UUID) -> None:
    """I4: what lies in the store is named by a row, but for what is still inside its grace."""
    for area in data_map().storage():
        if area.promised and area.area not in GRACE_AREAS:
            names = storage.names_below(tenant_id=tenant_id, area=area.area)
            stored = {storage.storage_key(tenant_id=tenant_id, area=area.area, name=name) for name in names}
            assert stored - set(area.promised(tenant_id)) == set()


def assert_files_belong_to_tenants(tenants: set[UUID]) -> None:
    """I4: every stored file lies below tenants/{id}/ of a tenant there is, whole and without a rest."""
    root = Path(str(default_storage.path("")))
    for path in root.rglob("*"):
        if path.is_file():
            top, _, area = path.relative_to(root).parts[:3]
            assert top == "tenants", path
            assert area in tenants_conf.storage_areas(), path
            assert not path.name.startswith("."), f"half a file: {path}"


def assert_nothing_runs_on(before: Iterable[int] = ()) -> None:
    """I5: no media process works on or waits for long, and what a dead one left behind is swept away."""
    wait_until(lambda: not media_processes() - set(before), what="media processes to end")
    wait_until(lambda: scratch.reap() >= 0 and not scratch_files(), what="scratch to be reaped")


def assert_the_erased_are_gone() -> None:
    """I8: where an erasure is done, nothing with its id is left anywhere."""
    for erasure in Erasure.objects.filter(state=ErasureState.DONE):
        scanning.second_pass(erasure)


def assert_no_bug_was_answered(log: Path, *, begins: int = 0) -> None:
    """I7: a web process answered no request with 500 and logged no error it did not expect."""
    lines = log.read_bytes()[begins:].decode().splitlines()
    assert [line for line in lines if '"event": "request"' in line and '"status": 500' in line] == []
    assert [line for line in lines if '"event": "request_failed"' in line] == []


def scratch_files() -> list[Path]:
    """Temporary files of steps, of any process."""
    root = conf.scratch_dir()
    return [path for path in root.rglob("*") if path.is_file() and path.name != LOCK_NAME]


def media_processes() -> set[int]:
    """Ids of this run's media processes that work, or that nobody waits for any more.

    A warm child that waits below a living process of ours is neither.
    """
    found = set()
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if _is_media(process) and not _is_waiting(process):
                found.add(process.pid)
    return found


def _is_media(process: psutil.Process) -> bool:
    if "rendering.media" not in " ".join(process.cmdline()):
        return False
    # Another run on this machine may be rendering too.
    return process.environ().get("CUTROOM_VAR") == os.environ["CUTROOM_VAR"]


def _is_waiting(process: psutil.Process) -> bool:
    above = process.parent()
    if above is None or process.children():
        return False
    return above.pid == os.getpid() or any(word in " ".join(above.cmdline()) for word in KEEPERS)
