"""What was refused is in the audit log, though its transaction was rolled back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from rest_framework.test import APIClient

from accounts import access_tokens
from cutroom import clock
from cutroom.errors import NotFound, PermissionDenied
from cutroom.problems import problem_response
from rendering.models import Project
from tenants import audit
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Tenant, TenantState
from tests.cast import Cast, open_session

pytestmark = pytest.mark.django_db


def refuse(request: HttpRequest, status: int, thing: UUID, word: str = "") -> HttpResponse:
    """Writes a row, then refuses."""
    audit.record("test.done")
    error = NotFound() if status == 404 else PermissionDenied()
    error.status = status
    return problem_response(request, error)


urlpatterns = [
    path("api/test/<int:status>/<uuid:thing>", refuse),
    path("api/test/<int:status>/<uuid:thing>/<str:word>", refuse),
    path("", include("config.urls")),
]


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def denied(tenant: Tenant) -> list[AuditEntry]:
    with tenant_context(tenant.pk):
        return list(AuditEntry.objects.filter(action="request.denied").order_by("at"))


@pytest.mark.parametrize("status", [402, 403, 404])
def test_t9_a_refusal_is_recorded_and_the_deed_is_not(bob: APIClient, cast: Cast, status: int) -> None:
    thing = uuid4()
    bob.get(f"/api/test/{status}/{thing}", HTTP_X_REQUEST_ID="probe-1")
    [entry] = denied(cast.acme)
    assert (entry.is_denied, entry.user_id, entry.request_id) == (True, cast.bob.pk, "probe-1")
    assert entry.session_id is not None
    assert entry.detail["status"] == status
    assert entry.detail["things"] == {"thing": str(thing)}
    with tenant_context(cast.acme.pk):
        assert not AuditEntry.objects.filter(action="test.done").exists()


@pytest.mark.parametrize("status", [200, 400, 409, 429, 500])
def test_other_answers_are_not(bob: APIClient, cast: Cast, status: int) -> None:
    bob.get(f"/api/test/{status}/{uuid4()}")
    assert denied(cast.acme) == []


def test_the_refusal_is_named_by_its_code_and_route(bob: APIClient, cast: Cast) -> None:
    bob.post("/api/account/rotate-api-key", {})
    [entry] = denied(cast.acme)
    assert (entry.detail["method"], entry.detail["route"]) == ("POST", "api/account/rotate-api-key")
    assert entry.detail["code"] == "permission-denied"


def test_a_word_of_the_path_is_not_kept(bob: APIClient, cast: Cast) -> None:
    """It could be a token."""
    bob.get(f"/api/test/404/{uuid4()}/hush-hush?token=hush-hush")
    assert "hush" not in str(denied(cast.acme)[0].detail)


def test_reaching_for_another_tenants_thing_is_recorded_for_the_one_who_reached(
    charlie: APIClient, cast: Cast
) -> None:
    with tenant_context(cast.acme.pk):
        project = Project.objects.create(slug="secret", title="Secret")
    charlie.get(f"/api/v1/projects/{project.slug}")
    charlie.get(f"/api/v1/renders/{uuid4()}")
    assert [entry.detail["route"] for entry in denied(cast.globex)] == [
        "api/v1/projects/<slug:slug>",
        "api/v1/renders/<uuid:render_id>",
    ]
    assert denied(cast.acme) == []


def test_an_endpoint_that_is_not_there_is_no_refusal(alice: APIClient, cast: Cast) -> None:
    alice.get("/api/nothing/here")
    assert denied(cast.acme) == []


def test_pages_are_recorded_too(bob_browser: Client, cast: Cast) -> None:
    bob_browser.get(f"/renders/{uuid4()}")
    assert [entry.detail["status"] for entry in denied(cast.acme)] == [404]


def test_j14_a_tenant_one_was_removed_from_is_told(bob: APIClient, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(user=cast.bob).delete()
    assert bob.get("/api/auth/me").status_code == 403
    [entry] = denied(cast.acme)
    assert (entry.user_id, entry.detail["code"]) == (cast.bob.pk, "no-workspace")


def test_j14_a_forged_tenant_is_recorded_where_it_was_forged_for(cast: Cast) -> None:
    session = open_session(cast.bob, cast.acme)
    for tenant_id in (cast.globex.pk, uuid4()):
        token = access_tokens.issue(
            user_id=cast.bob.pk, session_id=session.pk, tenant_id=tenant_id, at=clock.now()
        )
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
        assert client.get("/api/auth/me").status_code == 403
    assert [entry.user_id for entry in denied(cast.globex)] == [cast.bob.pk]


def test_a_suspended_tenants_requests_are_recorded(alice: APIClient, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    assert alice.get("/api/v1/renders").status_code == 403
    assert [entry.detail["code"] for entry in denied(cast.acme)] == ["tenant-suspended"]


def test_a_log_that_cannot_be_written_does_not_hide_the_refusal(
    bob: APIClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr("tenants.audit.record", fail)
    assert bob.post("/api/account/rotate-api-key", {}).status_code == 403
    assert "refusal_not_recorded" in caplog.text
