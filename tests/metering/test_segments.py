"""Months of the ledger as files: sealed once over, each line in exactly one, changes noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metering import segments, services
from metering.meters import Meter
from metering.models import UsageEvent, UsageSegment
from tenants import storage
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant

OCTOBER = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
NEXT_DAY = NOVEMBER + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("media")


def use(tenant: Tenant, key: str, at: datetime, amount: int = 1) -> None:
    with tenant_context(tenant.pk):
        services.settle(
            tenant_id=tenant.pk,
            reservation_key="none",
            event_key=key,
            meter=Meter.IMAGES,
            amount=amount,
            subject="render:1",
            at=at,
        )


def sealed(tenant: Tenant) -> dict[str, list[int]]:
    """The amounts in each file of the tenant's audit area, by name."""
    names = storage.names_in(tenant_id=tenant.pk, area="audit")
    return {name: [line["exact"] for line in lines(tenant, name)] for name in names}


def lines(tenant: Tenant, name: str) -> list[dict[str, int]]:
    key = storage.storage_key(tenant_id=tenant.pk, area="audit", name=name)
    with storage.open_file(key) as file:
        return [json.loads(line) for line in file]


def test_a_month_is_sealed_a_day_after_it_ended(acme: Tenant) -> None:
    use(acme, "a", OCTOBER - timedelta(days=9), 3)
    use(acme, "b", OCTOBER, 4)
    use(acme, "c", NOVEMBER, 5)
    assert segments.seal_finished_months(acme.pk, NEXT_DAY - timedelta(seconds=1)) == 0
    assert segments.seal_finished_months(acme.pk, NEXT_DAY) == 1
    assert sealed(acme) == {"usage-2026-10.jsonl": [3, 4]}
    with tenant_context(acme.pk):
        segment = UsageSegment.objects.get()
        assert (segment.lines, segment.totals) == (2, {"images_count": 7})
        assert AuditEntry.objects.get(action="usage.sealed").detail["sha256"] == segment.sha256
    assert segments.is_whole(segment)


def test_sealing_again_writes_nothing(acme: Tenant) -> None:
    use(acme, "a", OCTOBER)
    assert [segments.seal_finished_months(acme.pk, NEXT_DAY) for _ in range(2)] == [1, 0]


def test_a_late_line_gets_a_segment_of_its_own(acme: Tenant) -> None:
    use(acme, "a", OCTOBER, 3)
    segments.seal_finished_months(acme.pk, NEXT_DAY)
    use(acme, "b", NOVEMBER, 5)
    use(acme, "late", OCTOBER, 4)
    segments.seal_finished_months(acme.pk, NEXT_DAY)
    assert sealed(acme) == {"usage-2026-10.jsonl": [3], "usage-2026-10.2.jsonl": [4]}
    segments.seal_finished_months(acme.pk, NEXT_DAY + timedelta(days=31))
    assert sealed(acme)["usage-2026-11.jsonl"] == [5]


def test_every_line_is_in_exactly_one_segment(acme: Tenant) -> None:
    for number in range(40):
        use(acme, f"line:{number}", NOVEMBER - timedelta(days=11 * (number * 7 % 20)), number)
        if number % 9 == 0:
            segments.seal_finished_months(acme.pk, NEXT_DAY)
    segments.seal_finished_months(acme.pk, NEXT_DAY + timedelta(days=31))
    written = sorted(amount for amounts in sealed(acme).values() for amount in amounts)
    assert written == list(range(40))


def test_a_month_longer_than_a_batch_is_streamed(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.batches.ROWS", 3)
    for number in range(10):
        use(acme, f"line:{number}", OCTOBER, number)
    segments.seal_finished_months(acme.pk, NEXT_DAY)
    assert sealed(acme) == {"usage-2026-10.jsonl": list(range(10))}


def test_a_changed_file_is_noticed(acme: Tenant, media: Path) -> None:
    use(acme, "a", OCTOBER)
    segments.seal_finished_months(acme.pk, NEXT_DAY)
    with tenant_context(acme.pk):
        segment = UsageSegment.objects.get()
        assert UsageEvent.objects.count() == 1
    path = media / segment.storage_key
    path.write_text(path.read_text().replace('"exact": 1', '"exact": 0'))
    assert not segments.is_whole(segment)
    path.unlink()
    assert not segments.is_whole(segment)
