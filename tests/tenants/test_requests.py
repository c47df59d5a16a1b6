"""A request of a signed-in caller is one transaction of its tenant; a refusal undoes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.test import APIClient

from accounts.models import Session
from tenants import audit
from tenants.context import current_actor, current_tenant_id, tenant_context, tenant_id_or_none
from tenants.models import AuditEntry, Membership, Role, Tenant, TenantState
from tests.cast import Cast


def answer(request: HttpRequest, status: int) -> HttpResponse:
    """Writes a row, then answers as told."""
    if tenant_id_or_none():
        audit.record("test.done")
    if status == 404:
        raise Http404
    return HttpResponse(str(tenant_id_or_none()), status=status)


def who(request: HttpRequest) -> HttpResponse:
    """Says for whom and by whom it runs."""
    return HttpResponse(f"{current_tenant_id()} {current_actor().user_id}")


urlpatterns = [
    path("api/test/<int:status>", answer),
    path("api/lasting/<int:status>", answer),
    path("api/who", who),
    path("", include("config.urls")),
]


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.TENANTS_LASTING_REFUSALS = ("/api/lasting/",)


def entries(tenant: Tenant) -> int:
    with tenant_context(tenant.pk):
        return AuditEntry.objects.filter(action="test.done").count()


def test_a_request_runs_as_its_callers_tenant(alice: APIClient, charlie: APIClient, cast: Cast) -> None:
    assert alice.get("/api/who").content.decode() == f"{cast.acme.pk} {cast.alice.pk}"
    assert charlie.get("/api/who").content.decode() == f"{cast.globex.pk} {cast.charlie.pk}"


def test_a_stranger_has_no_tenant(stranger: APIClient, cast: Cast) -> None:
    assert stranger.get("/api/test/200").content == b"None"


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (302, 1), (400, 0), (402, 0), (404, 0), (500, 0)])
def test_a_refusal_leaves_nothing(alice: APIClient, cast: Cast, status: int, kept: int) -> None:
    """T9."""
    alice.get(f"/api/test/{status}")
    assert entries(cast.acme) == kept


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (400, 1), (404, 1), (500, 0)])
def test_a_lasting_refusal_is_kept_and_a_bug_is_not(
    alice: APIClient, cast: Cast, status: int, kept: int
) -> None:
    alice.get(f"/api/lasting/{status}")
    assert entries(cast.acme) == kept


def test_a_changed_role_counts_from_the_next_request(bob: APIClient, cast: Cast) -> None:
    """J9."""
    assert bob.get("/api/account/audit").status_code == 403
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(user=cast.bob).update(role=Role.ADMIN)
    assert bob.get("/api/account/audit").status_code == 200


def test_a_member_who_was_removed_is_out_at_once(bob: APIClient, cast: Cast) -> None:
    """J9, J14."""
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(user=cast.bob).delete()
    assert bob.get("/api/auth/me").status_code in (401, 403)


def test_a_suspended_tenant_is_refused_at_once(alice: APIClient, cast: Cast) -> None:
    """J9."""
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    response = alice.get("/api/auth/me")
    assert (response.status_code, response.json()["code"]) == (403, "tenant-suspended")


def test_an_ended_session_is_out_at_once(alice: APIClient, cast: Cast) -> None:
    """J8."""
    Session.objects.all().delete()
    assert alice.get("/api/auth/me").status_code == 401


def test_the_audit_log_shows_only_the_callers_tenant(
    alice: APIClient, charlie: APIClient, cast: Cast
) -> None:
    alice.get("/api/test/200")
    entry = alice.get("/api/account/audit").json()["results"][0]
    assert (entry["action"], entry["user_id"]) == ("test.done", str(cast.alice.pk))
    assert entry["request_id"]
    seen = {entry["action"] for entry in charlie.get("/api/account/audit").json()["results"]}
    assert "test.done" not in seen
