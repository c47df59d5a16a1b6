"""What Prometheus sees of the backups. Read from rows: a scrape never asks the store."""

from __future__ import annotations

from cutroom import clock, metrics
from cutroom.metrics import Reading, Values
from gdpr.backups.status import Status, status


def _now() -> Status:
    return status(clock.now())


def _is_red() -> Values:
    return metrics.one(float(_now().state == "red"))


def _age() -> Values:
    return metrics.one(_now().recovery_point_seconds)


def _verified_age() -> Values:
    verified_at = _now().last_verified_at
    return metrics.one((clock.now() - verified_at).total_seconds() if verified_at else None)


def _recovery() -> Values:
    return metrics.one(_now().recovery_time_seconds)


metrics.register(
    Reading(name="backup_red", help="1 when the last good or verified backup is too old.", read=_is_red),
    Reading(name="backup_age_seconds", help="Age of the last good backup: what could be lost.", read=_age),
    Reading(name="backup_verified_age_seconds", help="Time since a backup was verified.", read=_verified_age),
    Reading(name="backup_recovery_seconds", help="How long the last rehearsed restore took.", read=_recovery),
)
