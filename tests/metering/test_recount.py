"""The store is counted every night: a difference that stays is corrected by a line, one in flight is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from metering import recount, services
from metering.meters import Meter
from metering.models import UsageEvent
from metering.recount import Outcome
from tenants import storage
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant
from tests.metering.conftest import NOON, counters

LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def store(acme: Tenant, media: Path, tmp_path: Path) -> Tenant:
    """Acme with a picture of 100 bytes and a video of 900, both metered, and a cached file that is not."""
    keep(acme, tmp_path, "assets", "picture.jpg", 100)
    keep(acme, tmp_path, "videos", "film.mp4", 900)
    keep(acme, tmp_path, "cache", "image/ab/abc.png", 5000)
    meter(acme, 1000, "both")
    return acme


def keep(tenant: Tenant, tmp_path: Path, area: str, name: str, size: int) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"x" * size)
    storage.store_file(storage.storage_key(tenant_id=tenant.pk, area=area, name=name), path)


def meter(tenant: Tenant, delta: int, key: str) -> None:
    with tenant_context(tenant.pk):
        services.record_level(
            tenant_id=tenant.pk, event_key=key, meter=Meter.STORAGE, delta=delta, subject="video", at=NOON
        )


def count(tenant: Tenant, at: datetime) -> Outcome:
    return recount.recount(tenant.pk, at)


def test_an_exact_level_is_left_alone(store: Tenant) -> None:
    assert [count(store, NOON), count(store, LATER)] == [Outcome.EXACT, Outcome.EXACT]
    with tenant_context(store.pk):
        assert UsageEvent.objects.count() == 1


def test_a_difference_is_corrected_when_it_is_found_again(store: Tenant, tmp_path: Path) -> None:
    keep(store, tmp_path, "videos", "forgotten.mp4", 50)
    assert [count(store, NOON), count(store, LATER)] == [Outcome.SUSPECT, Outcome.CORRECTED]
    with tenant_context(store.pk):
        assert counters() == {"storage_gb": (1050, 0)}
        assert UsageEvent.objects.get(subject="recount").amount == 50
        assert AuditEntry.objects.get(action="storage.recounted").detail["stored_bytes"] == 1050
    assert count(store, LATER + timedelta(days=1)) is Outcome.EXACT


def test_a_lost_file_lowers_the_level(store: Tenant) -> None:
    storage.delete_file(storage.storage_key(tenant_id=store.pk, area="videos", name="film.mp4"))
    assert [count(store, NOON), count(store, LATER)] == [Outcome.SUSPECT, Outcome.CORRECTED]
    with tenant_context(store.pk):
        assert counters() == {"storage_gb": (100, 0)}


def test_a_file_whose_transaction_is_still_open_is_not_counted_twice(store: Tenant, tmp_path: Path) -> None:
    keep(store, tmp_path, "videos", "new.mp4", 70)
    assert count(store, NOON) is Outcome.SUSPECT
    meter(store, 70, "new")
    assert count(store, LATER) is Outcome.EXACT


def test_two_counts_at_once_prove_nothing(store: Tenant, tmp_path: Path) -> None:
    keep(store, tmp_path, "videos", "forgotten.mp4", 50)
    assert [count(store, NOON), count(store, NOON + timedelta(seconds=9))] == [Outcome.SUSPECT] * 2


def test_a_different_difference_is_suspect_again(store: Tenant, tmp_path: Path) -> None:
    keep(store, tmp_path, "videos", "one.mp4", 50)
    count(store, NOON)
    keep(store, tmp_path, "videos", "two.mp4", 50)
    assert count(store, LATER) is Outcome.SUSPECT
