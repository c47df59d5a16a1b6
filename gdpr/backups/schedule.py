"""What beat asks for: a backup a day, a rehearsal a week. Asking too often, or too late, is harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

from gdpr import conf
from gdpr.backups import drills, keys, making, manifests, status, verification
from gdpr.models import BackupRun, BackupState

DRILL_AGE = timedelta(days=7)
# A tenth of the media each day: every object is read again about once in ten days.
DAILY_SAMPLE = 0.1


def back_up_if_due(*, at: datetime) -> str:
    """Make the daily backup if it is time, then compare what was stored; its id, or nothing.

    Raises Locked, BackupError.
    """
    if not status.is_due(at):
        return ""
    run = making.make(label="daily")
    store = making.the_store()
    manifest = manifests.load(run.pk, store=store, instance=conf.instance())
    verification.verify(manifest, store=store, sample=DAILY_SAMPLE)
    return run.pk


def rehearse_if_due(*, at: datetime) -> str:
    """Restore the newest backup aside when that was not done for a week; its id, or nothing.

    Nothing happens where there is no private key. Raises Locked, BackupError.
    """
    good = BackupRun.objects.filter(state=BackupState.SUCCEEDED, removed_at=None)
    if keys.identity_file() is None or good.filter(drilled_at__gt=at - DRILL_AGE).exists():
        return ""
    newest = good.order_by("-started_at").first()
    if newest is None:
        return ""
    store = making.the_store()
    manifest = manifests.load(newest.pk, store=store, instance=conf.instance())
    drills.rehearse(manifest, store=store, identities=keys.identities())
    return newest.pk
