"""A person in several tenants: the list of them, switching, and what is left after losing one."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import conf
from accounts.models import Session
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Role, Tenant, TenantState
from tests.accounts.conftest import refresh_at, sign_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ME = "/api/auth/me"
TENANTS = "/api/auth/tenants"
SWITCH = "/api/auth/switch-tenant"


def let_in(tenant: Tenant, cast: Cast) -> None:
    """Alice becomes a creator of the tenant, too."""
    with tenant_context(tenant.pk):
        Membership.objects.create(user=cast.alice, role=Role.CREATOR)


def throw_out(tenant: Tenant, cast: Cast) -> None:
    with tenant_context(tenant.pk):
        Membership.objects.filter(user=cast.alice).delete()


def switch(client: APIClient, tenant: str) -> Any:
    return client.post(SWITCH, {"tenant": tenant})


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def where(client: APIClient) -> tuple[str, str]:
    body = client.get(ME).json()
    return body["tenant"]["slug"], body["role"]


@pytest.fixture
def in_both(cast: Cast) -> None:
    """Alice is admin of Acme and creator at Globex."""
    let_in(cast.globex, cast)


def test_a_person_sees_their_tenants_and_no_others(alice: APIClient, in_both: None, bob: APIClient) -> None:
    rows = alice.get(TENANTS).json()["results"]
    assert [(row["slug"], row["role"], row["state"]) for row in rows] == [
        ("acme", "admin", "active"),
        ("globex", "creator", "active"),
    ]
    assert [row["slug"] for row in bob.get(TENANTS).json()["results"]] == ["acme"]


@pytest.mark.parametrize("by", ["slug", "id"])
def test_t27_switching_gives_a_token_for_the_other_tenant(
    alice: APIClient, cast: Cast, in_both: None, by: str
) -> None:
    answer = switch(alice, "globex" if by == "slug" else str(cast.globex.pk))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["refresh_token"], body["expires_in"]) == ("bearer", None, 86400)
    assert answer["Cache-Control"] == "no-store"
    assert where(with_token(body["access_token"])) == ("globex", "creator")
    assert where(alice) == ("acme", "admin"), "a token keeps its tenant"


def test_the_session_continues_in_the_tenant_it_was_switched_to(cast: Cast) -> None:
    signed_in = sign_in(cast.alice.email)
    let_in(cast.globex, cast)
    switch(with_token(signed_in.access_token), "globex")
    refreshed = refresh_at(APIClient(), signed_in.refresh_token).json()
    assert where(with_token(refreshed["access_token"])) == ("globex", "creator")


def test_switching_is_written_down_where_it_leads(alice: APIClient, cast: Cast, in_both: None) -> None:
    switch(alice, "globex")
    with tenant_context(cast.globex.pk):
        entry = AuditEntry.objects.get(action="session.switched")
    session = Session.objects.get(user=cast.alice)
    assert (entry.target, entry.user_id) == (f"session:{session.pk}", cast.alice.pk)


@pytest.mark.parametrize("wanted", ["globex", "no-such-tenant", str(uuid.UUID(int=7)), "☃"])
def test_a_tenant_one_does_not_belong_to_and_one_that_is_not_are_the_same(
    alice: APIClient, cast: Cast, wanted: str
) -> None:
    answer = switch(alice, wanted)
    assert (answer.status_code, answer.json()["code"]) == (403, "no-workspace")
    assert Session.objects.get(user=cast.alice).tenant_id == cast.acme.pk


def test_nobody_switches_to_a_suspended_tenant(alice: APIClient, cast: Cast, in_both: None) -> None:
    with tenant_context(cast.globex.pk):
        Tenant.objects.filter(pk=cast.globex.pk).update(state=TenantState.SUSPENDED)
    assert switch(alice, "globex").json()["code"] == "tenant-suspended"
    assert [row["state"] for row in alice.get(TENANTS).json()["results"]] == ["active", "suspended"]


def test_who_lost_their_tenant_still_finds_the_others(alice: APIClient, cast: Cast, in_both: None) -> None:
    throw_out(cast.acme, cast)
    assert alice.get(ME).json()["code"] == "no-workspace"
    assert [row["slug"] for row in alice.get(TENANTS).json()["results"]] == ["globex"]
    token = switch(alice, "globex").json()["access_token"]
    assert where(with_token(token)) == ("globex", "creator")


def test_an_ended_session_switches_nowhere(alice: APIClient, cast: Cast, in_both: None) -> None:
    alice.delete("/api/auth/sessions/all")
    assert switch(alice, "globex").status_code == 401
    assert alice.get(TENANTS).status_code == 401


def test_an_ended_session_switches_nowhere_from_a_lost_tenant_either(
    alice: APIClient, cast: Cast, in_both: None
) -> None:
    throw_out(cast.acme, cast)
    alice_session = Session.objects.get(user=cast.alice)
    alice_session.ended_at = alice_session.created_at
    alice_session.save()
    assert switch(alice, "globex").status_code == 401


def test_keys_and_strangers_have_no_tenants_to_choose(alice: APIClient) -> None:
    key = with_token(alice.post("/api/account/rotate-api-key", {}).json()["api_key"])
    assert key.get(TENANTS).status_code == switch(key, "acme").status_code == 403
    assert APIClient().get(TENANTS).status_code == switch(APIClient(), "acme").status_code == 401


def test_a_page_session_is_no_bearer(cast: Cast, alice_browser: Any) -> None:
    assert alice_browser.get(TENANTS).status_code == 401


def test_j9_roles_and_removal_hold_at_once_with_redis_down(
    alice: APIClient, bob: APIClient, cast: Cast, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL},
    }
    rows = alice.get("/api/team/members").json()["results"]
    bobs = next(f"/api/team/members/{row['id']}" for row in rows if row["email"] == cast.bob.email)
    assert bob.get("/api/team/invites").status_code == 403
    assert alice.patch(bobs, {"role": "admin"}).status_code == 200
    assert bob.get("/api/team/invites").status_code == 200
    assert alice.patch(bobs, {"role": "creator"}).status_code == 200
    assert bob.get("/api/team/invites").status_code == 403
    assert alice.delete(bobs).status_code == 204
    assert bob.get(ME).json()["code"] == "no-workspace"


def test_the_cookie_of_a_lost_tenant_refreshes_into_a_refusal_not_a_tenant(cast: Cast) -> None:
    signed_in = sign_in(cast.alice.email)
    throw_out(cast.acme, cast)
    refreshed = refresh_at(APIClient(), signed_in.refresh_token)
    assert refreshed.status_code == 200
    assert refreshed.cookies[conf.refresh_cookie()].value
    assert with_token(refreshed.json()["access_token"]).get(ME).json()["code"] == "no-workspace"
