"""Which backups stay, and that the last one that was proved to work never goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdpr.backups import making, manifests, retention, verification
from gdpr.backups.catalogue import Listed
from gdpr.models import BackupRun
from tests.cast import Cast
from tests.gdpr.conftest import Vault

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LIMIT = timedelta(days=35)
YEAR = timedelta(days=400)


def backup(age: timedelta, *, is_verified: bool = False) -> Listed:
    made_at = NOW - age
    return Listed(id=f"{age}", made_at=made_at, verified_at=made_at if is_verified else None)


def daily(count: int) -> list[Listed]:
    return [backup(timedelta(days=days)) for days in range(count)]


def ages(ids: set[str]) -> list[int]:
    return sorted(0 if "day" not in name else int(name.split()[0]) for name in ids)


def test_a_week_of_days_five_weeks_and_the_months_within_the_limit() -> None:
    assert ages(retention.kept(daily(60), at=NOW, limit=LIMIT)) == [0, 1, 2, 3, 4, 5, 6, 9, 16, 23, 24]


def test_with_a_longer_limit_a_year_of_months_stays() -> None:
    assert len(retention.kept(daily(400), at=NOW, limit=YEAR)) == 7 + 3 + 11


def test_every_backup_of_the_last_day_stays() -> None:
    hourly = [backup(timedelta(hours=hours)) for hours in range(48)]
    kept = retention.kept(hourly, at=NOW, limit=LIMIT)
    assert {f"{timedelta(hours=hours)}" for hours in range(25)} <= kept


def test_the_last_verified_backup_stays_however_old() -> None:
    old = [backup(timedelta(days=90), is_verified=True), backup(timedelta(days=100), is_verified=True)]
    assert retention.kept([*daily(3), *old], at=NOW, limit=LIMIT) == {
        *(entry.id for entry in daily(3)),
        old[0].id,
    }


@given(st.lists(st.tuples(st.integers(0, 20_000), st.booleans()), min_size=1, max_size=60))
def test_rules_that_hold_for_any_history(history: list[tuple[int, bool]]) -> None:
    backups = [
        Listed(id=str(number), made_at=NOW - timedelta(hours=hours), verified_at=NOW if good else None)
        for number, (hours, good) in enumerate(history)
    ]
    kept = retention.kept(backups, at=NOW, limit=LIMIT)
    newest = max(backups, key=lambda entry: entry.made_at)
    verified = [entry for entry in backups if entry.verified_at]
    too_old = {entry.id for entry in backups if NOW - entry.made_at > LIMIT}
    assert kept
    assert newest.id in kept or NOW - newest.made_at > LIMIT
    if verified:
        assert any(entry.id in kept for entry in verified)
    assert len(kept & too_old) <= 1


@pytest.mark.committed
def test_removing_a_backup_removes_the_objects_only_it_needed(
    vault: Vault, acme_at_work: Cast, media: Path
) -> None:
    making.make()
    (media / "tenants" / str(acme_at_work.acme.pk) / "assets" / "two.jpg").unlink()
    second = making.make()
    assert len(list(vault.store.names("objects/"))) == 2

    removed = retention.prune(store=vault.store, at=second.started_at + timedelta(days=2))

    assert len(removed) == 1
    assert list(manifests.ids(vault.store)) == [second.pk]
    assert len(list(vault.store.names("objects/"))) == 1
    assert (
        verification.check(vault.manifest(second), store=vault.store, identities=vault.identities)["objects"]
        == 1
    )
    assert BackupRun.objects.get(pk=removed[0]).removed_at is not None


@pytest.mark.committed
def test_a_backup_we_cannot_read_keeps_every_object(vault: Vault, acme_at_work: Cast, media: Path) -> None:
    first = making.make()
    vault.path(manifests.manifest_name(first.pk)).write_bytes(b"{}\n{}\n")
    making.make()
    retention.prune(store=vault.store, at=first.started_at + timedelta(days=20))
    assert first.pk in list(manifests.ids(vault.store))
    assert len(list(vault.store.names("objects/"))) == 2
