"""`reconcile_usage` finds every drift of counter, ledger, days and reservations, and its exit code tells."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from metering import allowances, services
from metering.meters import Meter
from metering.models import UsageEvent
from metering.reconciliation import balances, repair
from tenants.context import tenant_context
from tenants.models import AuditEntry, Tenant
from tests.metering.conftest import NOON
from tests.threads import at_once

pytestmark = pytest.mark.committed


@pytest.fixture
def books(acme: Tenant) -> Tenant:
    """A tenant with something used and something held."""
    with tenant_context(acme.pk):
        services.reserve(tenant_id=acme.pk, key="render:1", amounts={Meter.IMAGES: 5}, at=NOON)
        services.settle(
            tenant_id=acme.pk,
            reservation_key="render:1",
            event_key="image:1",
            meter=Meter.IMAGES,
            amount=2,
            subject="render:1",
            at=NOON,
        )
    return acme


def test_exact_books_pass(books: Tenant) -> None:
    out = StringIO()
    call_command("reconcile_usage", "--json", stdout=out)
    exact = {"compared": 1, "differences": [], "wrong_lots": [], "repaired": 0}
    assert json.loads(out.getvalue()) == exact


DRIFTS = pytest.mark.parametrize(
    "drift",
    [
        "UPDATE metering_quotacounter SET used = used + 1",
        "UPDATE metering_quotacounter SET held = held - 1",
        "UPDATE metering_quotacounter SET credited = 1",
        "UPDATE metering_usagedaily SET amount = 0",
        "UPDATE metering_usagedaily SET day = day - 1, amount = amount + 1",
        "UPDATE metering_usageshare SET amount = amount + 1 WHERE kind = 'member'",
        "UPDATE metering_reservation SET amount_held = 0",
        "DELETE FROM metering_quotacounter",
    ],
)


@DRIFTS
def test_any_drift_is_found(books: Tenant, drift: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(drift)
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("reconcile_usage", "--json", stdout=out)
    assert failure.value.returncode == 1
    [difference] = json.loads(out.getvalue())["differences"]
    assert (difference["tenant_id"], difference["meter"]) == (str(books.pk), "images_count")


@DRIFTS
def test_any_drift_is_repaired_and_the_repair_is_on_record(books: Tenant, drift: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(drift)
    out = StringIO()
    call_command("reconcile_usage", "--repair", stdout=out)
    assert out.getvalue().startswith("1 balances compared, 1 were repaired.")
    call_command("reconcile_usage", stdout=StringIO())
    with tenant_context(books.pk):
        entry = AuditEntry.objects.get(action="usage.repaired")
        assert entry.detail["before"]["meter"] == "images_count"
        assert UsageEvent.objects.count() == 1


def test_exact_books_are_not_touched_by_a_repair(books: Tenant) -> None:
    call_command("reconcile_usage", "--repair", stdout=StringIO())
    with tenant_context(books.pk):
        assert not AuditEntry.objects.exists()


def test_repairing_while_others_work_loses_nothing(books: Tenant) -> None:
    def deed(number: int) -> None:
        if number % 4 == 0:
            repair(next(balances()))
            return
        with tenant_context(books.pk):
            services.settle(
                tenant_id=books.pk,
                reservation_key="render:1",
                event_key=f"more:{number}",
                meter=Meter.IMAGES,
                amount=1,
                subject="render:1",
                at=NOON,
            )

    at_once(deed, count=64, threads=16)
    [balance] = balances()
    assert balance.is_exact
    assert balance.used == 2 + 48


def test_a_lot_that_does_not_add_up_is_named(books: Tenant) -> None:
    with tenant_context(books.pk):
        allowances.add_credits(
            key="lot", meter=Meter.IMAGES, amount=5, reason="A gift for them.", author_id=None, at=NOON
        )
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE metering_creditlot SET remaining = 4")
    with pytest.raises(CommandError):
        call_command("reconcile_usage", "--json", stdout=(out := StringIO()))
    [lot] = json.loads(out.getvalue())["wrong_lots"]
    assert (lot["amount"], lot["remaining"], lot["drawn"]) == (5, 4, 0)


def test_people_read_a_sentence(books: Tenant) -> None:
    out = StringIO()
    call_command("reconcile_usage", stdout=out)
    assert out.getvalue() == "1 balances compared, 0 differ.\n"
