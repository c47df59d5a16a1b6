"""Operators see what a tenant has, and the tenant sees that they looked."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from cutroom import clock
from tenants import audit
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.cast import browser_of
from tests.console.conftest import Site

pytestmark = pytest.mark.committed


def looks(site: Site) -> list[tuple[str, UUID | None]]:
    with tenant_context(site.acme.pk):
        found = AuditEntry.objects.filter(action="operator.looked")
        return sorted((entry.target, entry.operator_id) for entry in found)


def test_t19_the_tenant_reads_who_looked_at_it_once_an_hour(
    site: Site, olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = (f"/admin/tenants/{site.acme.pk}/", f"/admin/jobs/{site.jobs['stuck'].pk}/")
    noon = clock.now().replace(minute=0, second=0)
    for minutes in (1, 2, 61):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: noon + timedelta(minutes=minutes))
        assert [olga.get(path).status_code for path in paths] == [200, 200]
    monkeypatch.undo()
    tenant = (f"tenant:{site.acme.pk}", site.cast.olga.pk)
    job = (f"render:{site.jobs['stuck'].pk}", site.cast.olga.pk)
    assert looks(site) == [job, job, tenant, tenant]
    page = browser_of(site.cast.alice, site.acme).get("/account/audit").content.decode()
    assert "Cutroom support" in page
    assert "operator looked" in page.lower()


def test_t19_lists_and_strangers_leave_nothing(site: Site, olga: Client, client: Client) -> None:
    for path in ("/admin/tenants/", "/admin/jobs/"):
        assert olga.get(path).status_code == 200
    assert client.get(f"/admin/tenants/{site.acme.pk}/").status_code == 302
    assert looks(site) == []


def test_t19_what_cannot_be_recorded_is_not_shown(
    site: Site, olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(action: str, **more: object) -> None:
        raise RuntimeError("the log is full")

    monkeypatch.setattr(audit, "record", broken)
    olga.raise_request_exception = False
    answer = olga.get(f"/admin/tenants/{site.acme.pk}/")
    assert answer.status_code == 500
    assert site.acme.email not in answer.content.decode()
