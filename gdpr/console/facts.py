"""What the console's home page says of backups and of privacy requests: two statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connections
from django.urls import reverse

from cutroom.console.board import Concern, Health, Part, part
from gdpr.backups.status import Status, status

# An erasure that is due is done by the next minute's beat; one that still waits has a reason.
PATIENCE = timedelta(hours=1)

DUE = """
SELECT count(*) FILTER (WHERE purge_after < %(late)s), min(purge_after) FILTER (WHERE purge_after < %(late)s),
    max(error) FILTER (WHERE purge_after < %(late)s)
FROM gdpr_erasure WHERE state IN ('waiting', 'purging')
"""


@part("privacy")
def facts(at: datetime) -> Part:
    """Stale or unverified backups, and erasures that should be done by now."""
    now = status(at)
    with connections["ops"].cursor() as cursor:
        cursor.execute(DUE, {"late": at - PATIENCE})
        due, since, error = cursor.fetchone()
    note = "; ".join(now.reasons)
    return Part(
        concerns=[*_backups(now), *_erasures(due, since, error)],
        health=[Health(name="Backups", is_ok=not now.reasons, note=note)],
    )


def _backups(now: Status) -> Iterator[Concern]:
    for reason in now.reasons:
        is_check = "verified" in reason
        yield Concern(
            what="Backup not verified" if is_check else "Backup stale",
            where="Backups",
            url=reverse("admin:backups"),
            why=reason,
            since=now.last_verified_at if is_check else now.last_backup_at,
            deed="How to",
            area="backups",
            runbook="backup-red",
        )


def _erasures(due: int, since: datetime | None, error: str | None) -> Iterator[Concern]:
    if due:
        yield Concern(
            what="Erasure due",
            where="1 request" if due == 1 else f"{due:,} requests",
            url=reverse("admin:gdpr_erasure_changelist"),
            why=error or "its time has come, and it is not done",
            since=since,
            area="gdpr/erasure",
        )
