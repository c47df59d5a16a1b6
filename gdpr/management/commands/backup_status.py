"""`manage.py backup_status`: is there a backup that would help?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from cutroom import clock
from gdpr.backups import databases, making
from gdpr.backups.commands import EXIT_CODES, BackupCommand, amount
from gdpr.backups.status import Status, of_store, status, synchronise


class Command(BackupCommand):
    """Looks at the store, then says when the last backup was made, verified and rehearsed."""

    help = f"Say whether the backups are recent and verified. {EXIT_CODES}"

    def run(self, **options: Any) -> None:
        """Print the state; red is exit code 2."""
        at, store = clock.now(), making.the_store()
        if databases.is_installed():
            synchronise(store, at=at)
            now = status(at)
        else:
            now = status(at, runs=of_store(store))
        self.say(now.as_json(), *_sentences(now), is_json=options["json"])
        if now.state == "red":
            raise CommandError(" ".join(now.reasons), returncode=2)


def _sentences(now: Status) -> list[str]:
    rows = {
        "State": now.state,
        "Last backup": _moment(now.last_backup_at, now.last_backup_id),
        "Last verified": _moment(now.last_verified_at),
        "Last rehearsed": _moment(now.last_drill_at),
        "Next backup": _moment(now.next_backup_at),
        "Size": f"database {amount(now.database_bytes)}, media {amount(now.media_bytes)}",
        "Could be lost now": _seconds(now.recovery_point_seconds),
        "A restore took": _seconds(now.recovery_time_seconds),
    }
    lines = [f"{name + ':':<20}{value}" for name, value in rows.items()]
    return [*lines, *now.reasons, *now.remarks]


def _moment(at: Any, remark: str = "") -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC  {remark}".strip() if at else "never"


def _seconds(count: float | None) -> str:
    return "unknown" if count is None else f"{count / 60:.1f} minutes"
