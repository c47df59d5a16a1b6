"""The console in a real browser: every page clean in every look, and an operator's day from start to end."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from metering.models import CreditLot
from rendering.models import JobState, RenderJob
from tenants.console import panels
from tenants.models import AuditEntry, Membership, Tenant, TenantState
from tests.console.conftest import REASON, Site
from tests.pages.conftest import OpenBrowser, open_browser, signed_in
from tests.pages.test_browser import Watch, flaws

pytestmark = pytest.mark.committed

# Fixtures of the pages' tests.
__all__ = ["open_browser", "signed_in"]


def addresses(site: Site) -> dict[str, str]:
    """Every page of the console, by a name for failures."""
    acme, job = site.acme.pk, site.jobs["queued"].pk
    bob = Membership.everywhere.using("ops").get(user=site.cast.bob).pk
    return {
        "home": "/admin/",
        "tenants": "/admin/tenants/",
        "no tenant fits": "/admin/tenants/?q=zzzz",
        **{f"tenant, {title}": f"/admin/tenants/{acme}/?tab={tab}" for tab, title in panels.tabs()},
        "empty tenant": f"/admin/tenants/{site.cast.globex.pk}/",
        "jobs": "/admin/jobs/",
        "no job fits": "/admin/jobs/?q=zzzz",
        "quarantined job": f"/admin/jobs/{site.jobs['quarantined'].pk}/",
        "stuck job": f"/admin/jobs/{site.jobs['stuck'].pk}/",
        "job without steps": f"/admin/jobs/{job}/",
        "requests": "/admin/requests/",
        "audit": "/admin/audit/",
        "backups": "/admin/backups/",
        "search": "/admin/search/?q=acme",
        "search without a match": "/admin/search/?q=zzzz",
        "tables": "/admin/tables/",
        "ledger": "/admin/metering/usageevent/",
        "deliveries": "/admin/tenants/webhookdelivery/",
        "webhooks of Stripe": "/admin/djstripe/webhookeventtrigger/",
        "mail": "/admin/accounts/outboxmail/",
        "a row": f"/admin/tenants/tenant/{acme}/change/",
        "suspend": f"/admin/do/suspend/?id={acme}",
        "override": f"/admin/do/override-limit/?id={acme}",
        "change the plan": f"/admin/do/change-plan/?id={acme}",
        "act as": f"/admin/do/act-as/?id={bob}",
        "delete": f"/admin/do/delete-tenant/?id={acme}",
        "many jobs": f"/admin/do/cancel-job/?id={job}&id={site.jobs['stuck'].pk}&id={site.jobs['ready'].pk}",
        "not found": "/admin/tenants/00000000-0000-4000-8000-000000000000/",
    }


def test_every_page_is_clean(site: Site, olga: Client, open_browser: OpenBrowser) -> None:
    Tenant.objects.using("ops").filter(pk=site.cast.globex.pk).update(name="Ett mycket långt namn " * 5)
    context = open_browser(client=olga)
    found = {name: flaws(context, path) for name, path in addresses(site).items()}
    assert {name: flaw for name, flaw in found.items() if flaw} == {}


@pytest.mark.parametrize("has_javascript", [True, False])
def test_an_operators_day(site: Site, olga: Client, open_browser: OpenBrowser, has_javascript: bool) -> None:
    """Find the stuck job, see why, try again; give minutes; suspend and restore; read it all in the log."""
    page = open_browser(client=olga, java_script_enabled=has_javascript).new_page()
    watch = Watch(page)
    page.goto("/admin/")
    page.get_by_role("row").filter(has_text="Job stuck").get_by_role("link", name=re.compile("^Look")).click()
    expect(page.get_by_text("No change for 40 min.")).to_be_visible()
    give_reason(page, "Cancel", "Cancel the render")
    give_reason(page, "Try again", "Try again")
    assert RenderJob.everywhere.using("ops").get(pk=site.jobs["stuck"].pk).state == JobState.QUEUED

    page.get_by_role("link", name="Acme", exact=True).click()
    page.get_by_role("link", name="Give credits").click()
    page.get_by_label("Amount").fill("100")
    page.get_by_label("Reason").fill("short")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    expect(page.get_by_label("Amount")).to_have_value("100")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("100 render minutes. Acme is at")).to_be_visible()
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Credits given: Acme")
    assert CreditLot.everywhere.using("ops").get().amount == 100 * 60_000

    give_reason(page, "Suspend", "Suspend")
    expect(page.get_by_text("Suspended.", exact=True)).to_be_visible()
    give_reason(page, "Restore", "Restore")
    assert Tenant.objects.using("ops").get(pk=site.acme.pk).state == TenantState.ACTIVE

    page.get_by_role("navigation", name="Console").get_by_role("link", name="Audit log").click()
    page.get_by_role("link", name="Deeds of operators").click()
    for deed in ("cancel-job", "retry-job", "give-credits", "suspend", "restore"):
        row = page.get_by_role("row").filter(has_text=f"operator.{deed}")
        expect(row).to_contain_text(REASON)
        expect(row).to_contain_text("olga@cutroom.test")
        assert AuditEntry.everywhere.using("ops").filter(action=f"operator.{deed}").count() == 1
    assert watch.complaints == []


def give_reason(page: Page, link: str, button: str) -> None:
    """Go through a deed that asks for nothing but a reason."""
    page.get_by_role("link", name=link, exact=True).first.click()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name=button, exact=True).click()


def test_acting_as_a_member_shows_a_bar_that_stays(
    site: Site, olga: Client, open_browser: OpenBrowser
) -> None:
    page = open_browser(client=olga, viewport={"width": 375, "height": 800}).new_page()
    page.goto(f"/admin/tenants/{site.acme.pk}/")
    page.get_by_role("link", name="Members", exact=True).click()
    page.get_by_role("row").filter(has_text="bob@acme.test").get_by_role("link", name="Act as").click()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Act as this member").click()
    bar = page.get_by_role("complementary", name="Acting as a member")
    for path in ("/library", "/usage", "/create"):
        page.goto(path)
        page.mouse.wheel(0, 3000)
        expect(bar).to_be_in_viewport()
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
    bar.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Acme")).to_be_visible()
