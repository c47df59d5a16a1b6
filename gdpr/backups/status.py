"""Is there a backup that would help? Read from rows, so that pages and probes may ask at any time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from gdpr import conf
from gdpr.backups import catalogue, keys
from gdpr.backups.stores import Store
from gdpr.models import BackupRun, BackupState

DAY = timedelta(days=1)
# A daily backup may take its time, but not two hours more than a day.
BACKUP_MAX_AGE = timedelta(hours=26)
CHECK_MAX_AGE = timedelta(days=8)
# A month of daily backups, even when half of them fail and are tried again every hour.
LOOKED_AT = 500
KNOWN_BY_THE_STORE = (
    *("state", "removed_at", "database_bytes", "media_files", "media_bytes"),
    *("verified_at", "drilled_at", "recovery_seconds"),
)


@dataclass(frozen=True, kw_only=True)
class Status:
    """What is known of the backups. `reasons` say why it is red, `remarks` what is worth knowing anyway."""

    last_backup_at: datetime | None
    last_verified_at: datetime | None
    last_drill_at: datetime | None
    next_backup_at: datetime
    last_backup_id: str = ""
    database_bytes: int = 0
    media_bytes: int = 0
    recovery_point_seconds: float | None = None
    recovery_time_seconds: float | None = None
    reasons: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """green, or red when something that must be true is not."""
        return "red" if self.reasons else "green"

    def as_json(self) -> dict[str, Any]:
        """Plain values; times in ISO 8601."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        return {"state": self.state, **plain}


def status(at: datetime, *, runs: Sequence[BackupRun] | None = None) -> Status:
    """The state of the backups at the moment `at`. One query, of the newest rows, unless they are given."""
    if runs is None:
        runs = list(BackupRun.objects.order_by("-started_at")[:LOOKED_AT])
    present = [run for run in runs if run.removed_at is None]
    good = next((run for run in present if run.state == BackupState.SUCCEEDED), None)
    newest = next((run for run in runs if run.state != BackupState.RUNNING), None)
    verified_at = max((run.verified_at for run in present if run.verified_at), default=None)
    # Rows are newest first: an old backup that is checked again and again proves nothing about the new ones.
    proved = next((run for run in present if run.verified_at), None)
    drilled = max((run for run in present if run.drilled_at), key=_drilled_at, default=None)
    return Status(
        last_backup_at=good.started_at if good else None,
        last_verified_at=verified_at,
        last_drill_at=drilled.drilled_at if drilled else None,
        next_backup_at=next_backup(good, at=at),
        last_backup_id=good.pk if good else "",
        database_bytes=good.database_bytes if good else 0,
        media_bytes=good.media_bytes if good else 0,
        recovery_point_seconds=(at - good.started_at).total_seconds() if good else None,
        recovery_time_seconds=drilled.recovery_seconds if drilled else None,
        reasons=list(_reasons(good, proved, verified_at, at=at)),
        remarks=list(_remarks(newest, drilled.drilled_at if drilled else None, at=at)),
    )


def _drilled_at(run: BackupRun) -> datetime:
    return run.drilled_at or run.started_at


def next_backup(good: BackupRun | None, *, at: datetime) -> datetime:
    """When the next daily backup is due: the first BACKUP_HOUR after the last good one, or now."""
    if good is None:
        return at
    hour = good.started_at.replace(hour=conf.backup_hour(), minute=0, second=0, microsecond=0)
    return hour if hour > good.started_at else hour + DAY


def is_due(at: datetime) -> bool:
    """Is it time for the daily backup? After a failure it is tried again every hour."""
    recent = BackupRun.objects.filter(started_at__gt=at - timedelta(hours=1))
    good = BackupRun.objects.filter(state=BackupState.SUCCEEDED).order_by("-started_at").first()
    return next_backup(good, at=at) <= at and not recent.exists()


def synchronise(store: Store, *, at: datetime) -> None:
    """Bring the rows up to what the store holds: after a restore the store knows more than the database."""
    found = of_store(store)
    for run in found:
        known = {name: getattr(run, name) for name in KNOWN_BY_THE_STORE}
        times = {"started_at": run.started_at, "finished_at": run.finished_at}
        BackupRun.objects.update_or_create(pk=run.pk, defaults=known, create_defaults=known | times)
    _good_rows().exclude(pk__in=[run.pk for run in found]).update(removed_at=at)


def of_store(store: Store) -> list[BackupRun]:
    """A row, not saved, for each backup of the store, newest first: the database may be what was lost."""
    rows = [
        BackupRun(
            id=entry.id,
            state=BackupState.SUCCEEDED if entry.is_complete else BackupState.INCOMPLETE,
            started_at=entry.made_at,
            finished_at=entry.made_at,
            database_bytes=entry.database_bytes,
            media_files=entry.media.files if entry.media else 0,
            media_bytes=entry.media.bytes if entry.media else 0,
            verified_at=entry.verified_at,
            drilled_at=entry.drilled_at,
            recovery_seconds=entry.recovery_seconds,
        )
        for entry in catalogue.listed(store)
    ]
    return sorted(rows, key=lambda run: run.started_at, reverse=True)


def _good_rows() -> QuerySet[BackupRun]:
    return BackupRun.objects.filter(
        removed_at=None, state__in=(BackupState.SUCCEEDED, BackupState.INCOMPLETE)
    )


def _reasons(
    good: BackupRun | None, proved: BackupRun | None, verified_at: datetime | None, *, at: datetime
) -> Iterator[str]:
    if good is None:
        yield "No backup was made yet."
        return
    if at - good.started_at > BACKUP_MAX_AGE:
        yield f"The last good backup is {_age(at - good.started_at)} old."
    if proved is None or verified_at is None:
        yield "No backup was verified yet."
        return
    if at - proved.started_at > CHECK_MAX_AGE:
        yield f"The last verified backup is {_age(at - proved.started_at)} old."
    if at - verified_at > CHECK_MAX_AGE:
        yield f"The last verified backup was checked {_age(at - verified_at)} ago."


def _remarks(newest: BackupRun | None, drilled_at: datetime | None, *, at: datetime) -> list[str]:
    found = []
    if newest is not None and newest.error:
        found.append(f"The last run, {newest.pk}: {newest.error}")
    if drilled_at is None or at - drilled_at > CHECK_MAX_AGE:
        found.append("No restore was rehearsed in the last 8 days (verify_backup --full).")
    if keys.identity_file() is not None:
        found.append("A private backup key lies on this server; whoever takes the server can read backups.")
    return found


def _age(age: timedelta) -> str:
    return f"{age.days} days" if age >= 2 * DAY else f"{age.total_seconds() / 3600:.0f} hours"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
