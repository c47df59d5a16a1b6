"""The operator's console: usage of all tenants, to look at and never to edit."""

from __future__ import annotations

import pytest
from django.test import Client

from metering import services
from metering.meters import Meter
from metering.models import UsageEvent
from tenants.context import tenant_context
from tests.cast import Cast, browser_of, console_of
from tests.metering.conftest import NOON

pytestmark = pytest.mark.committed

TABLES = ["quotacounter", "reservation", "usageevent", "thresholdcrossing"]


@pytest.fixture
def olga(committed_cast: Cast) -> Client:
    """Olga, after Acme and Globex each used something."""
    for tenant in (committed_cast.acme, committed_cast.globex):
        with tenant_context(tenant.pk):
            services.charge(
                tenant_id=tenant.pk,
                event_key="upload:1",
                meter=Meter.UPLOADS,
                amount=6,
                subject="asset:1",
                at=NOON,
            )
    return console_of(committed_cast.olga)


@pytest.mark.parametrize("table", TABLES)
def test_the_operator_sees_every_tenant(olga: Client, table: str) -> None:
    page = olga.get(f"/admin/metering/{table}/?q=")
    assert page.status_code == 200
    assert "acme" in page.content.decode()
    assert "globex" in page.content.decode()


def test_a_line_of_the_ledger_cannot_be_changed_added_or_deleted(olga: Client) -> None:
    line = UsageEvent.everywhere.using("ops").first()
    assert line is not None
    assert olga.get(f"/admin/metering/usageevent/{line.pk}/change/").status_code == 200
    assert olga.post(f"/admin/metering/usageevent/{line.pk}/change/", {"amount": 0}).status_code == 403
    assert olga.get("/admin/metering/usageevent/add/").status_code == 403
    assert olga.post(f"/admin/metering/usageevent/{line.pk}/delete/", {"post": "yes"}).status_code == 403


def test_members_stay_outside(committed_cast: Cast) -> None:
    page = browser_of(committed_cast.alice, committed_cast.acme).get("/admin/metering/usageevent/")
    assert page.status_code in {302, 403}
