"""Makes the exports that were asked for, one at a time, and survives its own death at any point.

The row decides, as with render steps: a maker holds a lease and a number, and writes only while both are its
own. After a crash the lease runs out and the next maker begins anew; only a whole archive is ever stored.
"""

from __future__ import annotations

import logging
import shutil
import time
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from accounts import outbox
from accounts.models import User
from cutroom import clock, scratch
from cutroom.crash_points import crash_at
from gdpr import conf
from gdpr.export import files
from gdpr.export.errors import NotMade, Superseded
from gdpr.export.listing import Listing
from gdpr.export.manifest import Contents
from gdpr.export.models import Export, ExportState
from gdpr.export.selection import Subject
from gdpr.export.writing import write_archive
from tenants import audit, storage, webhooks
from tenants.context import Actor, tenant_context
from tenants.models import Tenant

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# Room that must stay free on the disk beside the archive.
SPARE_BYTES = 256 * 1024 * 1024
_EXPORTS = Export.everywhere.using("ops")


class Claim:
    """One export that this process makes. A write that finds another's number stops the work."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.done_bytes = 0
        self.total_bytes = 1
        self._renewed_at = time.monotonic()

    def tick(self, size: int) -> None:
        """Count bytes; renews the lease now and then. Raises Superseded."""
        self.done_bytes += size
        if time.monotonic() - self._renewed_at > conf.export_lease_seconds() / 6:
            self.renew()

    def renew(self) -> None:
        """Say that this process is alive, and how far it is. Raises Superseded."""
        self._renewed_at = time.monotonic()
        percent = min(99, 100 * self.done_bytes // max(1, self.total_bytes))
        self.write(progress=percent, lease_until=clock.now() + _lease())

    def write(self, **fields: object) -> None:
        """Change the row, if it still is this process's. Raises Superseded."""
        mine = _EXPORTS.filter(pk=self.export.pk, attempt=self.export.attempt, state=ExportState.MAKING)
        if not mine.update(**fields):
            raise Superseded()


def make_next() -> bool:
    """Make the oldest export that waits, or whose maker died. False when there is none."""
    export = _claim()
    if export is None:
        return False
    claim = Claim(export)
    crash_at("export-claimed")
    try:
        _make(claim)
    except Superseded:
        _leave_nothing(export)
    except NotMade as error:
        _fail(claim, str(error))
    except Exception:
        logger.exception("export_failed", extra={"export": str(export.pk)})
        _put_back(claim)
    return True


def archive_key(export: Export) -> str:
    """Where the archive is stored."""
    return storage.storage_key(tenant_id=export.tenant_id, area="exports", name=export.name)


def _claim() -> Export | None:
    now = clock.now()
    waiting = Q(state=ExportState.QUEUED) | Q(state=ExportState.MAKING, lease_until__lt=now)
    with transaction.atomic(using="ops"):
        rows = _EXPORTS.select_for_update(skip_locked=True).filter(waiting)
        export = rows.order_by("created_at").first()
        if export is None:
            return None
        export.attempt += 1
        export.state, export.progress, export.lease_until = ExportState.MAKING, 0, now + _lease()
        if export.attempt > MAX_ATTEMPTS:
            export.state, export.error = ExportState.FAILED, f"it was tried {MAX_ATTEMPTS} times"
            export.finished_at = now
        export.save(
            using="ops", update_fields=["attempt", "state", "progress", "lease_until", "error", "finished_at"]
        )
    return export if export.state == ExportState.MAKING else _claim()


def _make(claim: Claim) -> None:
    export = claim.export
    with scratch.directory("export") as folder:
        contents = _contents(export, folder)
        path = folder / export.name
        claim.total_bytes = _bytes_to_write(contents.subject, folder)
        with path.open("wb") as target:
            write_archive(contents, target=target, folder=folder, tick=claim.tick)
        crash_at("export-written")
        size = path.stat().st_size
        claim.renew()
        storage.store_file(archive_key(export), path)
        crash_at("export-stored")
        _finish(claim, contents, size)
    crash_at("export-finished")


def _contents(export: Export, folder: Path) -> Contents:
    with tenant_context(export.tenant_id):
        tenant = Tenant.objects.get(pk=export.tenant_id)
    return Contents(
        subject=_subject(export),
        name=export.name,
        tenant_slug=tenant.slug,
        created_at=export.created_at,
        members=Listing(folder / "members.jsonl"),
        missing=Listing(folder / "missing.jsonl"),
    )


def _subject(export: Export) -> Subject:
    person = User.objects.filter(pk=export.user_id).first()
    if person is None:
        raise NotMade("the person who asked for it is gone")
    return Subject(
        tenant_id=export.tenant_id, user_id=person.pk, email=person.email, is_whole=export.is_whole
    )


def _bytes_to_write(subject: Subject, folder: Path) -> int:
    """How much the archive will be, about. Raises NotMade when there is no room for it."""
    needed = files.total_bytes(subject)
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        logger.error("export_without_room", extra={"needed_bytes": needed, "free_bytes": free})
        raise NotMade("there is not enough room on the server; its operator has been told")
    return needed


def _finish(claim: Claim, contents: Contents, size: int) -> None:
    now = clock.now()
    claim.write(
        state=ExportState.READY,
        progress=100,
        size_bytes=size,
        rows=contents.rows,
        files=contents.members.count,
        missing=contents.missing.count,
        finished_at=now,
        expires_at=now + timedelta(hours=conf.export_hours()),
        lease_until=None,
        error="",
    )
    if contents.missing.count:
        logger.error(
            "export_incomplete", extra={"export": str(claim.export.pk), "missing": contents.missing.count}
        )
    _audit(claim.export, "export.made", bytes=size, missing=contents.missing.count)
    _tell(claim.export, contents)
    if claim.export.is_whole:
        _announce(claim.export)


def _announce(export: Export) -> None:
    """To the workspace's own programs; a person's own export is that person's business."""
    url = f"{conf.site_url()}{reverse('gdpr:download-export', args=[export.name])}"
    with tenant_context(export.tenant_id):
        webhooks.announce("export.ready", {"export_id": str(export.pk), "url": url})


def _tell(export: Export, contents: Contents) -> None:
    outbox.enqueue(
        kind="export_ready",
        recipient=contents.subject.email,
        context={
            "export": export,
            "missing": contents.missing.count,
            "hours": conf.export_hours(),
            "site_url": conf.site_url(),
        },
        at=clock.now(),
        useful_for=timedelta(hours=conf.export_hours()),
    )


def _fail(claim: Claim, reason: str) -> None:
    try:
        claim.write(state=ExportState.FAILED, error=reason, finished_at=clock.now(), lease_until=None)
    except Superseded:
        return
    _audit(claim.export, "export.failed", reason=reason)


def _put_back(claim: Claim) -> None:
    """For the next maker, after a pause; the number of attempts is limited."""
    pause = timedelta(seconds=2**claim.export.attempt)
    mine = _EXPORTS.filter(pk=claim.export.pk, attempt=claim.export.attempt, state=ExportState.MAKING)
    mine.update(lease_until=clock.now() + pause, progress=F("progress"))


def _leave_nothing(export: Export) -> None:
    """Whoever was erased meanwhile must not find a file written afterwards."""
    if not _EXPORTS.filter(pk=export.pk).exists():
        storage.delete_file(archive_key(export))


def _audit(export: Export, action: str, **detail: object) -> None:
    with tenant_context(export.tenant_id, actor=Actor(user_id=export.user_id)):
        audit.record(action, target=f"export:{export.pk}", detail=detail)


def _lease() -> timedelta:
    return timedelta(seconds=conf.export_lease_seconds())
