"""Corrections are new lines; a reset grants a fresh allowance and deletes no history."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from cutroom.errors import InvalidInput
from metering import allowances, corrections, reconciliation, services
from metering.errors import QuotaExceeded
from metering.meters import Meter
from metering.models import UsageEvent
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant
from tests.cast import found_tenant
from tests.metering.conftest import NOON, counters

WHY = "The provider sent blank images."
COMMAND = "reset_quotas"


def take(tenant: Tenant, meter: Meter, amount: int, key: str = "image:1") -> None:
    services.settle(
        tenant_id=tenant.pk,
        reservation_key="none",
        event_key=key,
        meter=meter,
        amount=amount,
        subject="render:1",
        at=NOON,
    )


def correct(line: UsageEvent, amount: int, **more: Any) -> bool:
    values: dict[str, Any] = {"key": "correction:1", "reason": WHY, "author_id": None, "at": NOON, **more}
    return corrections.correct(line=line, amount=amount, **values)


def test_a_correction_is_a_new_line_beside_the_old_one(inside: Tenant) -> None:
    take(inside, Meter.IMAGES, 5)
    line = UsageEvent.objects.get()
    assert correct(line, -2)
    assert not correct(line, -2)
    assert list(UsageEvent.objects.order_by("pk").values_list("amount", "subject")) == [
        (5, "render:1"),
        (-2, "render:1"),
    ]
    assert UsageEvent.objects.last().detail == {"corrects": "image:1", "reason": WHY}  # type: ignore[union-attr]  # there are two
    assert counters() == {"images_count": (3, 0)}
    assert AuditEntry.objects.filter(action="usage.corrected").count() == 1


def test_no_more_is_taken_back_than_was_written(inside: Tenant) -> None:
    take(inside, Meter.IMAGES, 5)
    with pytest.raises(InvalidInput):
        correct(UsageEvent.objects.get(), -6)
    with pytest.raises(InvalidInput):
        correct(UsageEvent.objects.get(), -5, reason="oops")


def test_not_in_two_corrections_either(inside: Tenant) -> None:
    take(inside, Meter.IMAGES, 5)
    line = UsageEvent.objects.get()
    assert correct(line, -3)
    with pytest.raises(InvalidInput) as refusal:
        correct(line, -3, key="correction:2")
    assert refusal.value.members["errors"][0]["detail"].startswith("The line has 2 left")
    assert correct(line, -2, key="correction:3")
    assert correct(line, 1, key="correction:4")
    assert counters() == {"images_count": (1, 0)}


def test_a_reset_gives_back_what_was_used_and_keeps_what_is_held(
    inside: Tenant, reserve: Callable[..., None]
) -> None:
    take(inside, Meter.IMAGES, 6)
    reserve("render:2", images_count=3)
    [reset] = corrections.reset(at=NOON, reason=WHY, author_id=None)
    assert (reset.meter, reset.amount) == (Meter.IMAGES, 6)
    assert counters() == {"images_count": (0, 3)}
    assert UsageEvent.objects.count() == 2
    assert corrections.reset(at=NOON, reason=WHY, author_id=None) == []


def test_a_reset_leaves_what_credits_paid_for(inside: Tenant, reserve: Callable[..., None]) -> None:
    allowances.add_credits(
        key="lot", meter=Meter.IMAGES, amount=5, reason="Bought as a top-up.", author_id=None, at=NOON
    )
    reserve("render:1", images_count=13)
    services.settle(
        tenant_id=inside.pk,
        reservation_key="render:1",
        event_key="image:1",
        meter=Meter.IMAGES,
        amount=13,
        subject="render:1",
        at=NOON,
    )
    corrections.reset(at=NOON, reason=WHY, author_id=None)
    reserve("render:2", images_count=12)
    with pytest.raises(QuotaExceeded):
        reserve("render:3", images_count=1)


def test_levels_are_never_reset(inside: Tenant) -> None:
    services.record_level(
        tenant_id=inside.pk, event_key="v", meter=Meter.STORAGE, delta=5, subject="video", at=NOON
    )
    assert corrections.reset(at=NOON, reason=WHY, author_id=None) == []


@pytest.fixture
def two_tenants(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> tuple[Tenant, Tenant]:
    """Acme and Globex, each with images and uploads used; the clock stands still at NOON."""
    monkeypatch.setattr("cutroom.clock.now", lambda: NOON)
    globex = found_tenant("globex")
    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            take(tenant, Meter.IMAGES, 6)
            take(tenant, Meter.UPLOADS, 2, key="upload:1")
    return acme, globex


def used(tenant: Tenant) -> dict[str, int]:
    with tenant_context(tenant.pk):
        return {meter: used for meter, (used, _) in counters().items()}


@pytest.mark.committed
def test_the_command_resets_one_meter_of_one_tenant(two_tenants: tuple[Tenant, Tenant]) -> None:
    out = StringIO()
    call_command(COMMAND, "--tenant=acme", "--meter=images_count", f"--reason={WHY}", stdout=out)
    assert out.getvalue() == "acme: 6 of images_count given back.\n1 resets.\n"
    assert [used(tenant) for tenant in two_tenants] == [
        {"images_count": 0, "uploads_count": 2},
        {"images_count": 6, "uploads_count": 2},
    ]
    with tenant_context(two_tenants[0].pk):
        assert AuditEntry.objects.get(action="quota.reset").detail["reason"] == WHY
    assert all(balance.is_exact for balance in reconciliation.balances())


@pytest.mark.committed
def test_the_command_resets_everybody(two_tenants: tuple[Tenant, Tenant]) -> None:
    out = StringIO()
    call_command(COMMAND, f"--reason={WHY}", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["is_dry_run"] is False
    assert len(report["resets"]) == 4
    assert [set(used(tenant).values()) for tenant in two_tenants] == [{0}, {0}]


@pytest.mark.committed
def test_a_dry_run_shows_it_and_writes_nothing(two_tenants: tuple[Tenant, Tenant]) -> None:
    out = StringIO()
    call_command(COMMAND, "--tenant=acme", "--dry-run", f"--reason={WHY}", "--json", stdout=out)
    assert json.loads(out.getvalue())["resets"] == [
        {"tenant": "acme", "meter": "images_count", "amount": 6},
        {"tenant": "acme", "meter": "uploads_count", "amount": 2},
    ]
    assert used(two_tenants[0]) == {"images_count": 6, "uploads_count": 2}


@pytest.mark.committed
@pytest.mark.parametrize("options", [["--tenant=nobody", f"--reason={WHY}"], ["--reason=oops"], []])
def test_the_command_needs_a_tenant_that_exists_and_a_reason(
    two_tenants: tuple[Tenant, Tenant], options: list[str]
) -> None:
    with pytest.raises(CommandError):
        call_command(COMMAND, *options, stdout=StringIO())
    assert used(two_tenants[0]) == {"images_count": 6, "uploads_count": 2}
