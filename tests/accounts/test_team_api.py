"""The API of the team: members, roles, leaving, handing over, and the tenant's name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Session, User
from tenants.context import tenant_context
from tenants.models import AuditEntry, Role
from tests.cast import Cast, bearer, join

pytestmark = pytest.mark.django_db

TEAM = "/api/team"
MEMBERS = f"{TEAM}/members"


def rows(client: APIClient) -> dict[str, dict[str, Any]]:
    """The members a client sees, by name."""
    return {row["email"].partition("@")[0]: row for row in client.get(MEMBERS).json()["results"]}


def path_of(client: APIClient, name: str) -> str:
    return f"{MEMBERS}/{rows(client)[name]['id']}"


def test_members_are_listed_in_order_of_joining(alice: APIClient, bob: APIClient, cast: Cast) -> None:
    seen = rows(bob)
    assert list(seen) == ["alice", "bob"]
    assert [(row["role"], row["is_you"]) for row in seen.values()] == [("admin", False), ("creator", True)]
    session = Session.objects.get(user=cast.alice)
    assert seen["alice"]["signed_in_at"] == session.signed_in_at.isoformat().replace("+00:00", "Z")


def test_a_sign_in_elsewhere_is_nobodys_business(cast: Cast, alice: APIClient) -> None:
    join(cast.acme, "dora", Role.CREATOR)
    Session.objects.filter(user=cast.alice).update(tenant_id=cast.globex.pk)
    assert rows(bearer(cast.bob, cast.acme))["alice"]["signed_in_at"] is None


def test_the_list_costs_one_query_however_many_there_are(
    alice: APIClient, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        join(cast.acme, f"person-{number}", Role.CREATOR)
    with django_assert_max_num_queries(6):
        assert len(alice.get(MEMBERS).json()["results"]) == 22


def test_members_come_in_pages(alice: APIClient) -> None:
    first = alice.get(MEMBERS, {"limit": 1}).json()
    second = alice.get(first["next"]).json()
    assert [row["email"] for page in (first, second) for row in page["results"]] == [
        "alice@acme.test",
        "bob@acme.test",
    ]


def test_a_role_is_changed(alice: APIClient, cast: Cast) -> None:
    answer = alice.patch(path_of(alice, "bob"), {"role": "admin"})
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert rows(alice)["bob"]["role"] == "admin"


@pytest.mark.parametrize("body", [{}, {"role": "owner"}, {"role": None}, {"rolle": "admin"}])
def test_a_role_that_is_none_is_refused(alice: APIClient, body: dict[str, Any]) -> None:
    answer = alice.patch(path_of(alice, "bob"), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_member_that_is_none_is_not_found(alice: APIClient, method: str) -> None:
    assert getattr(alice, method)(f"{MEMBERS}/{uuid4()}", {}).status_code == 404


def test_the_last_admin_is_told_what_to_do(alice: APIClient) -> None:
    mine = path_of(alice, "alice")
    for answer in (
        alice.patch(mine, {"role": "creator"}),
        alice.delete(mine),
        alice.post(f"{TEAM}/leave"),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "last-admin")
        assert "Make somebody else an admin first" in problem["detail"]
    assert rows(alice)["alice"]["role"] == "admin"


def test_a_removed_member_is_out_on_the_next_request_and_their_key_stays(
    alice: APIClient, bob: APIClient, cast: Cast
) -> None:
    """K7: a key is the tenant's."""
    alice.patch(path_of(alice, "bob"), {"role": "admin"})
    key = APIClient()
    plain = bob.post("/api/account/rotate-api-key", {}).json()["api_key"]
    key.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    assert alice.delete(path_of(alice, "bob")).status_code == 204
    assert bob.get(MEMBERS).json()["code"] == "no-workspace"
    assert key.get("/api/v1/projects").status_code == 200
    assert list(rows(alice)) == ["alice"]


def test_a_creator_leaves_and_the_token_is_dead(bob: APIClient, alice: APIClient) -> None:
    assert bob.post(f"{TEAM}/leave").status_code == 204
    assert bob.get(MEMBERS).status_code == 403
    assert list(rows(alice)) == ["alice"]


def test_handing_over(alice: APIClient, bob: APIClient) -> None:
    answer = alice.post(f"{TEAM}/transfer", {"member_id": rows(alice)["bob"]["id"]})
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert [row["role"] for row in rows(bob).values()] == ["creator", "admin"]
    assert alice.get(f"{TEAM}/invites").status_code == 403
    assert bob.get(f"{TEAM}/invites").status_code == 200


def test_nobody_hands_over_to_themselves_or_a_stranger(alice: APIClient, cast: Cast) -> None:
    themselves = alice.post(f"{TEAM}/transfer", {"member_id": rows(alice)["alice"]["id"]})
    assert themselves.status_code == 409
    assert alice.post(f"{TEAM}/transfer", {"member_id": str(uuid4())}).status_code == 404


def test_the_tenant_is_renamed_at_once_and_keeps_its_slug(alice: APIClient, bob: APIClient) -> None:
    answer = alice.patch(TEAM, {"name": "Acme  Films"})
    assert (answer.status_code, answer.json()["name"], answer.json()["slug"]) == (200, "Acme Films", "acme")
    assert bob.get("/api/auth/me").json()["tenant"]["name"] == "Acme Films"
    assert bob.get(TEAM).json() == answer.json()


@pytest.mark.parametrize("name", ["", "https://evil.test", "a" * 121])
def test_a_bad_name_is_refused_by_field(alice: APIClient, name: str) -> None:
    answer = alice.patch(TEAM, {"name": name})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]


def test_a_creator_is_told_who_may(bob: APIClient) -> None:
    problem = bob.patch(TEAM, {"name": "Bob's"}).json()
    assert (problem["code"], problem["detail"]) == (
        "permission-denied",
        "Only an admin of Acme may rename the workspace and change its settings.",
    )


def test_every_deed_is_in_the_audit_log_with_who_did_it(alice: APIClient, bob: APIClient, cast: Cast) -> None:
    bobs = path_of(alice, "bob")
    alice.patch(bobs, {"role": "admin"})
    alice.patch(bobs, {"role": "creator"})
    alice.patch(TEAM, {"name": "Acme Films"})
    alice.post(f"{TEAM}/transfer", {"member_id": rows(alice)["bob"]["id"]})
    alice.post(f"{TEAM}/leave")
    with tenant_context(cast.acme.pk):
        entries = AuditEntry.objects.filter(user_id=cast.alice.pk).exclude(action="session.opened")
        seen = list(entries.order_by("at", "id").values_list("action", flat=True))
    assert seen == [
        "member.role-changed",
        "member.role-changed",
        "tenant.renamed",
        "tenant.handed-over",
        "member.left",
    ]


def test_a_closed_account_is_no_admin_to_leave_to(alice: APIClient, cast: Cast) -> None:
    alice.patch(path_of(alice, "bob"), {"role": "admin"})
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert alice.post(f"{TEAM}/leave").json()["code"] == "last-admin"
