"""What single deeds do beyond what all of them promise (test_every_deed.py)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import OutboxMail, User
from billing.entitlements import for_tenant
from cutroom import clock
from gdpr.models import Erasure
from metering import readings
from metering.meters import Meter
from metering.models import CreditLot, LimitOverride, LimitRequest, RequestState
from rendering.models import JobState, RenderJob
from tenants.context import tenant_context
from tenants.models import (
    AuditEntry,
    Membership,
    OperatorNote,
    Tenant,
    TenantState,
)
from tests.cast import bearer, browser_of, console_of
from tests.console.conftest import REASON, Site, do

pytestmark = pytest.mark.committed


def entries(name: str) -> list[AuditEntry]:
    return list(AuditEntry.everywhere.using("ops").filter(action=f"operator.{name}"))


def test_what_was_chosen_is_asked_about_once_more(site: Site, olga: Client) -> None:
    form = {"id": str(site.acme.pk), "key": str(uuid4()), "reason": REASON, "limit": "800"}
    form |= {"meter": "render_minutes", "kind": "at_least"}
    answer = olga.post("/admin/do/override-limit/", form)
    assert answer.status_code == 200
    assert "500 → 800" in answer.content.decode()
    assert not LimitOverride.everywhere.using("ops").exists()
    again = olga.post("/admin/do/override-limit/", {**form, "back": "1"})
    assert 'value="800"' in again.content.decode()


def test_who_may_look_sees_the_page_and_no_way_to_change_it(site: Site) -> None:
    watcher = console_of(User.objects.create_user("wendy@cutroom.test", is_staff=True))
    page = watcher.get(f"/admin/tenants/{site.acme.pk}/").content.decode()
    assert "/admin/do/" not in page
    assert "Needs a superuser" in page


def test_a_hundred_minutes_are_given_once_however_often_one_clicks(site: Site, olga: Client) -> None:
    form = {"id": str(site.acme.pk), "key": str(uuid4()), "reason": REASON, "sure": "1"}
    form |= {"meter": "render_minutes", "amount": "100"}
    for _ in range(2):
        assert olga.post("/admin/do/give-credits/", form).status_code == 302
    [lot] = CreditLot.everywhere.using("ops").all()
    assert lot.amount == 100 * 60_000
    assert lot.author_id == site.cast.olga.pk
    with tenant_context(site.acme.pk):
        assert readings.of_meter(site.acme.pk, Meter.RENDER, lot.created_at).capacity == 600 * 60_000
    assert len(entries("give-credits")) == 1


def test_a_suspended_workspace_is_closed_and_opens_again(site: Site, olga: Client) -> None:
    alice = bearer(site.cast.alice, site.acme)
    do(olga, "suspend", site.acme.pk)
    refused = alice.get("/api/v1/usage")
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant-suspended")
    assert "already" in olga.get("/admin/do/suspend/", {"id": str(site.acme.pk)}).content.decode()
    do(olga, "restore", site.acme.pk)
    assert Tenant.objects.using("ops").get(pk=site.acme.pk).state == TenantState.ACTIVE
    assert alice.get("/api/v1/usage").status_code == 200
    page = olga.get("/admin/audit/?who=operators").content.decode()
    assert "operator.suspend" in page
    assert "operator.restore" in page
    assert page.count(REASON) == 2


def test_a_given_plan_counts_until_it_is_taken_back(site: Site, olga: Client) -> None:
    do(olga, "change-plan", site.acme.pk, plan="enterprise")
    with tenant_context(site.acme.pk):
        assert for_tenant(site.acme.pk).plan == "enterprise"
    assert "enterprise" in olga.get("/admin/tenants/?show=given").content.decode().lower()
    do(olga, "change-plan", site.acme.pk, plan="")
    with tenant_context(site.acme.pk):
        assert for_tenant(site.acme.pk).plan == "free"


def test_a_plan_that_ended_counts_no_more(site: Site, olga: Client) -> None:
    answer = do(olga, "change-plan", site.acme.pk, plan="pro", until="2020-01-01")
    assert answer.status_code == 422
    assert "That day is over" in answer.content.decode()


def test_an_override_ends_by_a_deed_too(site: Site, olga: Client) -> None:
    do(olga, "override-limit", site.acme.pk, meter="images_count", kind="exactly", limit="7")
    do(olga, "end-override", site.acme.pk, meter="images_count")
    assert not LimitOverride.everywhere.using("ops").filter(ended_at=None).exists()


def test_a_declined_request_tells_whoever_asked(site: Site, olga: Client) -> None:
    request = LimitRequest.everywhere.using("ops").get()
    do(olga, "decline-request", request.pk)
    answered = LimitRequest.everywhere.using("ops").get()
    assert (answered.state, answered.answer) == (RequestState.DECLINED, REASON)
    assert (
        "This cannot be done now"
        in olga.get("/admin/do/grant-request/", {"id": str(request.pk)}).content.decode()
    )


def test_many_jobs_are_previewed_and_those_that_cannot_are_left_alone(site: Site, olga: Client) -> None:
    ids = [site.jobs[name].pk for name in ("stuck", "queued", "ready")]
    asked = olga.get(
        "/admin/jobs/deeds/", {"deed": "cancel-job", "id": [str(each) for each in ids]}, follow=True
    )
    page = asked.content.decode()
    assert "It touches 2" in page
    assert "1 will be left alone" in page
    do(olga, "cancel-job", *ids)
    states = RenderJob.everywhere.using("ops").in_bulk(ids)
    assert [states[each].state for each in ids] == [
        JobState.CANCELLED,
        JobState.CANCELLED,
        JobState.SUCCEEDED,
    ]
    assert len(entries("cancel-job")) == 2


def test_a_quarantined_job_is_tried_again_by_an_operator_only(site: Site, olga: Client) -> None:
    job = site.jobs["stuck"]
    do(olga, "quarantine-job", job.pk)
    bob = bearer(site.cast.bob, site.acme)
    refused = bob.post(f"/api/v1/renders/{job.pk}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "job-quarantined")
    do(olga, "retry-job", job.pk)
    assert RenderJob.everywhere.using("ops").get(pk=job.pk).state == JobState.QUEUED


def test_a_deed_that_the_service_refuses_leaves_no_trace(site: Site, olga: Client) -> None:
    """The job needs more than is left, so nothing is held and nothing is said to be done."""
    with tenant_context(site.acme.pk):
        RenderJob.objects.filter(pk=site.jobs["quarantined"].pk).update(
            estimate={"amounts": {"render_minutes": 900 * 60_000}}
        )
    answer = do(olga, "retry-job", site.jobs["quarantined"].pk)
    assert answer.status_code == 402
    assert "quota exceeded" in answer.content.decode()
    assert REASON in answer.content.decode()
    assert entries("retry-job") == []


def test_a_note_is_for_operators_alone(site: Site, olga: Client) -> None:
    do(olga, "note", site.acme.pk)
    assert OperatorNote.everywhere.using("ops").get().text == REASON
    assert REASON in olga.get(f"/admin/tenants/{site.acme.pk}/").content.decode()
    assert REASON not in browser_of(site.cast.alice, site.acme).get("/account/audit").content.decode()


def test_the_wrong_slug_deletes_nothing(site: Site, olga: Client) -> None:
    answer = do(olga, "delete-tenant", site.acme.pk, confirm="globex")
    assert "Type acme to confirm" in answer.content.decode()
    assert entries("delete-tenant") == []
    assert Tenant.objects.using("ops").get(pk=site.acme.pk).state == TenantState.ACTIVE


def test_a_deleted_workspace_is_kept_by_a_deed_until_it_is_too_late(site: Site, olga: Client) -> None:
    do(olga, "delete-tenant", site.acme.pk, confirm="acme")
    page = f"/admin/tenants/{site.acme.pk}/?tab=privacy"
    assert "keep-tenant" in olga.get(page).content.decode()
    Erasure.objects.update(purge_after=clock.now())
    assert "keep-tenant" not in olga.get(page).content.decode()
    late = do(olga, "keep-tenant", site.acme.pk)
    assert (late.status_code, entries("keep-tenant")) == (409, [])


def test_a_suspended_workspace_is_not_deleted_since_undoing_that_would_open_it(
    site: Site, olga: Client
) -> None:
    do(olga, "suspend", site.acme.pk)
    page = olga.get("/admin/do/delete-tenant/", {"id": str(site.acme.pk)}).content.decode()
    assert "Restore it first" in page


def test_a_link_goes_to_the_member_and_is_not_shown(site: Site, olga: Client) -> None:
    bob = Membership.everywhere.using("ops").get(user=site.cast.bob)
    answer = do(olga, "send-link", bob.pk)
    assert OutboxMail.objects.filter(kind="magic_link", recipient=site.cast.bob.email).exists()
    assert "token=" not in olga.get(answer.headers["Location"]).content.decode()


def test_the_tenant_reads_that_support_did_it(site: Site, olga: Client) -> None:
    do(olga, "suspend", site.acme.pk)
    do(olga, "restore", site.acme.pk)
    page = browser_of(site.cast.alice, site.acme).get("/account/audit").content.decode()
    assert "Cutroom support" in page
    assert REASON in page
    assert site.cast.olga.email not in page
