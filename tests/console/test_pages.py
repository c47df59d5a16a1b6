"""The lists and pages of the console: what they show, find and leave out; and that no table can be edited."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Session
from billing.models import Reconciliation
from cutroom import clock
from cutroom.console import pages
from metering.models import SiteDay
from rendering.models import RenderJob
from tenants import audit
from tenants.console import panels
from tenants.context import Actor, tenant_context
from tenants.models import AuditEntry, Hold
from tests.cast import Cast, browser_of, open_session
from tests.console.conftest import Site, do

pytestmark = pytest.mark.committed

LONG = "Långt namn " * 15


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_home_says_what_needs_a_person(site: Site, olga: Client) -> None:
    Reconciliation.objects.create(at=clock.now() - timedelta(days=1), checked=9, drifted=0, missing=3)
    Reconciliation.objects.create(at=clock.now(), checked=9, drifted=2)
    Hold.objects.create(reason="restored", since=clock.now())
    page = olga.get("/admin/")
    found = {concern.what for concern in page.context["concerns"]}
    assert found == {
        "Job stuck",
        "Job in quarantine",
        "Limit requests wait",
        "Webhook drift",
        "Webhooks missing",
        "Backup stale",
        "On hold",
    }
    stuck = next(concern for concern in page.context["concerns"] if concern.what == "Job stuck")
    assert stuck.url == f"/admin/jobs/{site.jobs['stuck'].pk}/"


def test_home_goes_on_when_one_part_cannot_be_read(
    site: Site, olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.console.facts.MAIL", "SELECT nothing")
    page = olga.get("/admin/")
    assert "Could not be read" in {concern.what for concern in page.context["concerns"]}
    assert "Job stuck" in {concern.what for concern in page.context["concerns"]}


def test_the_roll_up_is_the_sum_of_the_days(site: Site) -> None:
    today = SiteDay.objects.get(meter="render_minutes", day=clock.now().date())
    assert today.amount == 9 * 60_000


def test_the_page_of_a_stuck_job_says_why(site: Site, olga: Client) -> None:
    page = text_of(olga, f"/admin/jobs/{site.jobs['stuck'].pk}/")
    assert "No change for 40 min" in page
    assert "w-03:41" in page
    quarantined = text_of(olga, f"/admin/jobs/{site.jobs['quarantined'].pk}/")
    assert quarantined.count("The worker stopped before it finished.") >= 3
    assert "rendering/media/encoder.py:88:encode" in quarantined


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("needs=stuck", {"stuck"}),
        ("needs=quarantine", {"quarantined"}),
        ("state=succeeded", {"ready", "degraded"}),
        ("q=queued", {"queued"}),
        ("q=nothing+like+it", set()),
    ],
)
def test_jobs_are_narrowed(site: Site, olga: Client, query: str, shown: set[str]) -> None:
    page = text_of(olga, f"/admin/jobs/?{query}")
    found = {name for name, job in site.jobs.items() if f"/admin/jobs/{job.pk}/" in page}
    assert {name for name in found if name not in ("running", "failed")} == shown


def test_search_finds_tenants_members_and_jobs(site: Site, olga: Client) -> None:
    assert reverse("admin:tenant", args=[site.acme.pk]) in text_of(olga, "/admin/search/?q=acm")
    assert "bob@acme.test" in text_of(olga, "/admin/search/?q=bob@")
    job = site.jobs["queued"]
    assert str(job.pk) in text_of(olga, f"/admin/search/?q={str(job.pk)[:8]}")
    assert "Nothing has" in text_of(olga, "/admin/search/?q=zzzz")


def test_long_names_and_empty_tenants_have_pages(site: Site, olga: Client) -> None:
    site.cast.globex.__class__.objects.using("ops").filter(pk=site.cast.globex.pk).update(name=LONG[:120])
    page = f"/admin/tenants/{site.cast.globex.pk}/"
    assert "It has not rendered anything yet." in text_of(olga, f"{page}?tab=jobs")
    assert "No line was written yet." in text_of(olga, f"{page}?tab=ledger")
    assert "No key works here." in text_of(olga, f"{page}?tab=keys-and-webhooks")


def test_the_audit_log_is_narrowed_by_person_thing_and_request(site: Site, olga: Client) -> None:
    do(olga, "suspend", site.acme.pk)
    do(olga, "cancel-job", site.jobs["queued"].pk)
    request_id = AuditEntry.everywhere.using("ops").get(action="operator.suspend").request_id
    for query, shown in {
        "person=OLGA@cutroom.test&action=operator": {"operator.suspend", "operator.cancel-job"},
        "person=bob@acme.test&action=operator": set(),
        "person=nobody": set(),
        f"target=render:{site.jobs['queued'].pk}&action=operator": {"operator.cancel-job"},
        f"target={request_id}": {"operator.suspend"},
    }.items():
        page = olga.get(f"/admin/audit/?{query}")
        assert {line["entry"].action for line in page.context["lines"]} == shown, query


def test_the_audit_log_says_where_a_session_signed_in_from_while_it_is_kept(site: Site, olga: Client) -> None:
    where = {"ip": "203.0.113.7", "device": "Safari on iPad"}
    session = open_session(site.cast.alice, site.acme)
    Session.objects.filter(pk=session.pk).update(**where)
    with tenant_context(site.acme.pk, actor=Actor(user_id=site.cast.alice.pk, session_id=session.pk)):
        audit.record("project.renamed")
    opened = f"/admin/audit/?action=session.opened&target=session:{session.pk}"
    paths = ("/admin/audit/?action=project.renamed", f"/admin/tenants/{site.acme.pk}/?tab=audit-log", opened)
    for path in paths:
        assert all(each in text_of(olga, path) for each in where.values()), path
    session.delete()
    for path in paths:
        assert "alice@acme.test" in text_of(olga, path)
        assert not any(each in text_of(olga, path) for each in where.values()), path


def file_of(client: Client, rest: str) -> str:
    answer: Any = client.get(f"/admin/audit/file/{rest}")
    assert answer.status_code == 200, rest
    return b"".join(answer.streaming_content).decode()


def test_the_audit_log_of_all_tenants_is_a_file_and_taking_it_is_an_entry(site: Site, olga: Client) -> None:
    do(olga, "suspend", site.acme.pk)
    lines = [json.loads(line) for line in file_of(olga, "jsonl/?who=operators&tenant=acme").splitlines()]
    [deed] = [(line["tenant_id"], line["action"], line["operator_id"]) for line in lines]
    assert deed == (str(site.acme.pk), "operator.suspend", str(site.cast.olga.pk))
    rows = list(csv.DictReader(io.StringIO(file_of(olga, "csv/"))))
    assert {row["tenant_id"] for row in rows} > {str(site.acme.pk)}
    taken = AuditEntry.everywhere.using("ops").filter(action="operator.audit-exported").order_by("at")
    assert [entry.detail["form"] for entry in taken] == ["jsonl", "csv"]
    assert {entry.operator_id for entry in taken} == {site.cast.olga.pk}
    assert olga.get("/admin/audit/file/xml/").status_code == 404
    assert browser_of(site.cast.alice, site.acme).get("/admin/audit/file/csv/").status_code == 302


def test_what_is_gone_is_not_found(olga: Client) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for path in (f"/admin/tenants/{nobody}/", f"/admin/jobs/{nobody}/", f"/admin/do/suspend/?id={nobody}"):
        assert olga.get(path).status_code == 404, path


def test_pages_take_a_constant_number_of_queries(site: Site, olga: Client) -> None:
    paths = [
        "/admin/tenants/",
        "/admin/jobs/",
        "/admin/audit/",
        "/admin/requests/",
        *(f"/admin/tenants/{site.acme.pk}/?tab={tab}" for tab, _ in panels.tabs()),
    ]
    # Looking at a tenant for the first time is written down.
    olga.get(paths[-1])
    before = {path: _count(olga, path) for path in paths}
    with tenant_context(site.acme.pk):
        for number in range(20):
            job = RenderJob.objects.get(pk=site.jobs["queued"].pk)
            job.pk, job.title = None, f"Another {number}"
            job.save(force_insert=True)
    assert {path: _count(olga, path) for path in paths} == before


def _count(client: Client, path: str) -> int:
    with (
        CaptureQueriesContext(connections["default"]) as app,
        CaptureQueriesContext(connections["ops"]) as ops,
    ):
        assert client.get(path).status_code == 200
    return len(app) + len(ops)


# An operator answers requests and records breaches here; each has tests of its own (tests/gdpr).
WRITTEN_HERE = {"gdpr_privacyrequest", "gdpr_breach"}


def test_no_table_can_be_edited(site: Site, olga: Client) -> None:
    """Neither the ledger, nor the audit log, nor a webhook, nor anything else."""
    open_doors = {}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label == "auth" or name in WRITTEN_HERE:
            continue
        listing = reverse(f"admin:{name}_changelist")
        assert olga.get(listing).status_code == 200, name
        doors = {"add": olga.get(reverse(f"admin:{name}_add")).status_code}
        if match := re.search(
            rf'href="({re.escape(listing)}[^"]+/change/)', olga.get(listing).content.decode()
        ):
            assert olga.get(match[1]).status_code == 200, name
            doors["change"] = olga.post(match[1], {}).status_code
            doors["delete"] = olga.post(match[1].replace("/change/", "/delete/"), {"post": "yes"}).status_code
        if any(status != 403 for status in doors.values()):
            open_doors[name] = doors
    assert open_doors == {}


def test_a_breach_can_be_written_down(olga: Client) -> None:
    assert olga.get(reverse("admin:gdpr_breach_add")).status_code == 200


def test_members_and_strangers_stay_outside(committed_cast: Cast) -> None:
    for page in pages.pages():
        if "<" in page.route:
            continue
        path = reverse(f"admin:{page.name}")
        turned_away = Client().get(path, follow=True)
        assert turned_away.request["PATH_INFO"] == "/login", path
        answer = browser_of(committed_cast.alice, committed_cast.acme).get(path)
        assert answer.status_code in (302, 403), path
