"""What a member of a tenant is told about the backups."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from cutroom import clock, metrics
from gdpr.models import BackupRun, BackupState

pytestmark = pytest.mark.django_db


def succeeded(**fields: object) -> BackupRun:
    now = clock.now()
    given = {"id": "20261124T020000Z-00000000", "state": BackupState.SUCCEEDED, "started_at": now, **fields}
    return BackupRun.objects.create(**given)


def test_before_the_first_backup_the_state_is_red(bob: APIClient) -> None:
    answer = bob.get("/api/account/backup-status").json()
    assert (answer["state"], answer["last_backup_at"], answer["last_verified_at"]) == ("red", None, None)
    assert answer["next_backup_at"]


def test_a_verified_backup_of_today_is_green(bob: APIClient) -> None:
    run = succeeded(verified_at=clock.now())
    answer = bob.get("/api/account/backup-status").json()
    assert set(answer) == {"last_backup_at", "last_verified_at", "next_backup_at", "state"}
    assert answer["state"] == "green"
    assert answer["last_backup_at"][:19] == run.started_at.isoformat()[:19]


def test_a_failed_or_removed_backup_does_not_count(bob: APIClient) -> None:
    succeeded(verified_at=clock.now(), removed_at=clock.now())
    succeeded(id="20261124T030000Z-00000000", state=BackupState.FAILED)
    assert bob.get("/api/account/backup-status").json()["state"] == "red"


def test_many_backups_cost_no_more_queries(bob: APIClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert bob.get("/api/account/backup-status").status_code == 200
        return len(seen)

    few = queries()
    for number in range(20):
        succeeded(id=f"20261124T0200{number:02d}Z-00000000", verified_at=clock.now())
    assert queries() == few


def test_a_stranger_is_told_nothing(stranger: APIClient) -> None:
    assert stranger.get("/api/account/backup-status").status_code in (401, 403)


def test_prometheus_sees_the_same() -> None:
    assert b"cutroom_backup_red 1.0" in metrics.page()
    succeeded(verified_at=clock.now(), drilled_at=clock.now(), recovery_seconds=12.5)
    page = metrics.page()
    assert b"cutroom_backup_red 0.0" in page
    assert b"cutroom_backup_recovery_seconds 12.5" in page
