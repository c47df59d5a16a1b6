"""What the console's home page says of backups, erasures, privacy requests and breaches: three statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connections
from django.urls import reverse

from cutroom.console.board import Concern, Health, Part, part
from gdpr import selectors
from gdpr.backups.status import Status, status
from gdpr.selectors import Duty

# An erasure that is due is done by the next minute's beat; one that still waits has a reason.
PATIENCE = timedelta(hours=1)
# The most urgent ones; the list behind each has the rest.
MOST_DUTIES = 8

DUTIES = {
    "request": ("gdpr_privacyrequest", "Privacy request", "answer it"),
    "breach": ("gdpr_breach", "Breach", "tell the authority"),
}

DUE = """
SELECT count(*) FILTER (WHERE purge_after < %(late)s), min(purge_after) FILTER (WHERE purge_after < %(late)s),
    max(error) FILTER (WHERE purge_after < %(late)s)
FROM gdpr_erasure WHERE state IN ('waiting', 'purging')
"""


@part("privacy")
def facts(at: datetime) -> Part:
    """Stale or unverified backups, erasures that should be done by now, and what people are owed by law."""
    now = status(at)
    with connections["ops"].cursor() as cursor:
        cursor.execute(DUE, {"late": at - PATIENCE})
        due, since, error = cursor.fetchone()
    note = "; ".join(now.reasons)
    return Part(
        concerns=[
            *_backups(now),
            *_erasures(due, since, error),
            *(_duty(duty) for duty in selectors.due_duties(at=at, limit=MOST_DUTIES)),
        ],
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


def _duty(duty: Duty) -> Concern:
    table, what, verb = DUTIES[duty.kind]
    day = f"{duty.due_at:%-d %B, %H:%M} UTC"
    return Concern(
        what=what,
        where=duty.title,
        url=reverse(f"admin:{table}_change", args=[duty.id]),
        why=f"was due on {day}" if duty.is_late else f"{verb} by {day}",
        since=duty.since,
        is_grave=duty.is_late or duty.kind == "breach",
        deed="Answer" if duty.kind == "request" else "Look",
        area=table.replace("_", "/"),
    )
