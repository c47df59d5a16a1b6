"""`reconcile_usage` finds every drift of counter, ledger, days and reservations, and its exit code tells."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from metering import services
from metering.meters import Meter
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.metering.conftest import NOON

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
    assert json.loads(out.getvalue()) == {"compared": 1, "differences": []}


@pytest.mark.parametrize(
    "drift",
    [
        "UPDATE metering_quotacounter SET used = used + 1",
        "UPDATE metering_quotacounter SET held = held - 1",
        "UPDATE metering_usagedaily SET amount = 0",
        "UPDATE metering_reservation SET amount_held = 0",
        "DELETE FROM metering_quotacounter",
    ],
)
def test_any_drift_is_found(books: Tenant, drift: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(drift)
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("reconcile_usage", "--json", stdout=out)
    assert failure.value.returncode == 1
    [difference] = json.loads(out.getvalue())["differences"]
    assert (difference["tenant_id"], difference["meter"]) == (str(books.pk), "images_count")


def test_people_read_a_sentence(books: Tenant) -> None:
    out = StringIO()
    call_command("reconcile_usage", stdout=out)
    assert out.getvalue() == "1 balances compared, 0 differ.\n"
