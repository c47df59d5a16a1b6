"""Celery's edge of the gdpr app."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from cutroom import clock
from gdpr import leftovers, retention
from gdpr.backups import schedule
from gdpr.backups.errors import BackupError, Locked
from gdpr.duties import requests
from gdpr.erasure import purging
from gdpr.export import expiry, making

logger = logging.getLogger(__name__)

# A backup of much media takes hours. Its lock, not its message, keeps it from running twice.
LONG_SECONDS = 12 * 3600


@shared_task(name="gdpr.back_up", acks_late=False, soft_time_limit=LONG_SECONDS, time_limit=LONG_SECONDS + 60)
def back_up(**_: Any) -> str:
    """Make the daily backup when it is due, and look at what was stored."""
    try:
        return schedule.back_up_if_due(at=clock.now())
    except Locked:
        return ""
    except BackupError as error:
        logger.error("backup_not_made", extra={"reason": str(error)})  # the row has the rest
        return ""


@shared_task(
    name="gdpr.rehearse", acks_late=False, soft_time_limit=LONG_SECONDS, time_limit=LONG_SECONDS + 60
)
def rehearse(**_: Any) -> str:
    """Rehearse a restore when the last one is a week ago and this machine may read backups."""
    try:
        return schedule.rehearse_if_due(at=clock.now())
    except Locked:
        return ""
    except BackupError as error:
        logger.error("restore_not_rehearsed", extra={"reason": str(error)})  # expected kind
        return ""


@shared_task(
    name="gdpr.make_exports", acks_late=False, soft_time_limit=LONG_SECONDS, time_limit=LONG_SECONDS + 60
)
def make_exports(**_: Any) -> int:
    """Make the exports that wait; how many. Each has a lease, so any number of workers may do this."""
    made = 0
    while making.make_next():
        made += 1
    return made


@shared_task(name="gdpr.sweep_exports")
def sweep_exports(**_: Any) -> int:
    """Delete exports whose time is over, and find those whose maker died."""
    return expiry.sweep(at=clock.now())


@shared_task(name="gdpr.watch_requests")
def watch_requests(**_: Any) -> int:
    """Remind of requests whose time runs out; how many."""
    return requests.watch(at=clock.now())


@shared_task(name="gdpr.purge", acks_late=False, soft_time_limit=LONG_SECONDS, time_limit=LONG_SECONDS + 60)
def purge(**_: Any) -> dict[str, int]:
    """Delete everything that was kept long enough, by the retention table."""
    return retention.purge(at=clock.now())


@shared_task(
    name="gdpr.tidy_storage", acks_late=False, soft_time_limit=LONG_SECONDS, time_limit=LONG_SECONDS + 60
)
def tidy_storage(**_: Any) -> int:
    """Remove files that no row names; how many. It looks at every file there is, so it runs at night."""
    return leftovers.remove(at=clock.now())


@shared_task(name="gdpr.erase", acks_late=False, soft_time_limit=LONG_SECONDS, time_limit=LONG_SECONDS + 60)
def erase(**_: Any) -> int:
    """Go on with erasures: plans to end, reminders, purges that are due; how many were finished."""
    return purging.work(at=clock.now())
