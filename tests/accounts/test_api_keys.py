"""API keys: their format, what is kept of them, how they are rotated and what they may not do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts import api_keys, services
from accounts.models import ApiKey, Session
from cutroom import clock
from tenants import audit
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.models import AuditEntry, IdempotencyRecord, Membership, Role, Tenant, TenantState
from tenants.roles import ALL_SCOPES, TABLE, Capability
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ROTATE = "/api/account/rotate-api-key"
KEYS = "/api/account/api-keys"
ME = "/api/auth/me"


def with_key(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def me(key: str) -> int:
    return int(with_key(key).get(ME).status_code)


def rotate(client: APIClient, **body: Any) -> str:
    return str(client.post(ROTATE, body).json()["api_key"])


@pytest.fixture
def key(alice: APIClient) -> str:
    return rotate(alice)


def test_k1_the_prefix_tells_where_a_key_belongs(settings: Settings) -> None:
    assert api_keys.new_key().startswith("sk_test_")
    settings.SECURE_COOKIES = True
    assert api_keys.new_key().startswith("sk_prod_")


def test_k1_a_typing_error_is_refused_without_asking_the_database(
    key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert len(key) == 8 + 32 + 6
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    with django_assert_num_queries(0):
        assert me(wrong) == 401


def test_k2_what_is_kept_gives_nobody_the_key(key: str, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        row = ApiKey.objects.get()
    assert (row.prefix, row.last_four) == (key[:12], key[-4:])
    assert row.digest == api_keys.key_digest(key)
    assert key[12:-4] not in repr(vars(row))


def test_k2_an_idempotent_rotation_does_not_keep_it_either(alice: APIClient, cast: Cast) -> None:
    key = alice.post(ROTATE, HTTP_IDEMPOTENCY_KEY="once").json()["api_key"]
    with tenant_context(cast.acme.pk):
        assert not [r for r in IdempotencyRecord.objects.all() if key.encode() in bytes(r.body)]


def test_a_key_works_like_a_member_of_its_tenant(key: str, cast: Cast) -> None:
    body = with_key(key).get(ME).json()
    assert (body["tenant"]["slug"], body["role"], body["session"]) == ("acme", "creator", None)


def test_k3_a_key_is_shown_once_and_recognisable_after(alice: APIClient, key: str) -> None:
    (row,) = alice.get(KEYS).json()["results"]
    assert row["key"] == f"{key[:12]}…{key[-4:]}"
    assert key not in repr(row)


def test_k4_the_last_use_is_noted_once_a_minute(key: str, cast: Cast) -> None:
    def last_used() -> Any:
        with tenant_context(cast.acme.pk):
            return ApiKey.objects.get().last_used_at

    assert last_used() is None
    assert me(key) == 200
    first = last_used()
    assert me(key) == 200
    assert last_used() == first
    with tenant_context(cast.acme.pk):
        ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    assert me(key) == 200
    assert last_used() >= first


@pytest.mark.fault(40)
def test_k5_without_grace_the_old_key_stops_at_once(alice: APIClient, key: str) -> None:
    newer = rotate(alice)
    assert [me(key), me(newer)] == [401, 200]


def test_k5_a_grace_ends_to_the_second(alice: APIClient, key: str, cast: Cast) -> None:
    newer = rotate(alice, grace_hours=24)
    assert [me(key), me(newer)] == [200, 200]
    with tenant_context(cast.acme.pk):
        ends = ApiKey.objects.get(digest=api_keys.key_digest(key)).expires_at
        assert ends is not None
        assert timedelta(hours=23, minutes=59) < ends - clock.now() <= timedelta(hours=24)
        ApiKey.objects.filter(expires_at=ends).update(expires_at=clock.now())
    assert [me(key), me(newer)] == [401, 200]


@pytest.mark.parametrize("hours", [-1, 169, "soon", 1.5])
def test_k5_other_graces_are_refused(alice: APIClient, hours: Any) -> None:
    assert alice.post(ROTATE, {"grace_hours": hours}).status_code == 400


def test_a_rotation_never_prolongs_an_older_key(alice: APIClient, key: str) -> None:
    rotate(alice, grace_hours=1)
    rotate(alice, grace_hours=100)
    by_age = alice.get(KEYS).json()["results"]
    assert [row["expires_at"] is None for row in by_age] == [True, False, False]
    assert by_age[2]["expires_at"] < by_age[1]["expires_at"]


def test_k7_a_key_survives_its_maker_and_dies_with_the_tenant(key: str, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(user=cast.alice).delete()
    assert me(key) == 200
    with tenant_context(cast.acme.pk):
        Tenant.objects.update(state=TenantState.SUSPENDED)
    assert me(key) == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", ROTATE),
        ("get", KEYS),
        ("get", "/api/account/audit"),
        ("delete", "/api/auth/sessions/all"),
    ],
)
def test_k9_a_key_manages_nothing(key: str, method: str, path: str) -> None:
    assert getattr(with_key(key), method)(path).status_code == 403


def test_k9_not_even_a_key_that_were_an_admin(cast: Cast) -> None:
    key = Principal(user_id=None, tenant_id=cast.acme.pk, role=Role.ADMIN, scopes=frozenset(ALL_SCOPES))
    assert [capability for capability in Capability if key.may(capability)] == [
        capability for capability, rule in TABLE.items() if rule.api_key
    ]


@pytest.mark.parametrize(("method", "path"), [("post", ROTATE), ("get", KEYS), ("get", "/api/account/audit")])
def test_a_creator_does_not_either(bob: APIClient, method: str, path: str) -> None:
    assert getattr(bob, method)(path).status_code == 403


def test_a_revoked_key_is_dead_and_gone_from_the_list(alice: APIClient, key: str) -> None:
    (row,) = alice.get(KEYS).json()["results"]
    assert alice.delete(f"{KEYS}/{row['id']}").status_code == 204
    assert me(key) == 401
    assert alice.get(KEYS).json()["results"] == []
    assert alice.delete(f"{KEYS}/{row['id']}").status_code == 404


def test_e4_the_key_of_another_tenant_is_404(charlie: APIClient, key: str, cast: Cast) -> None:
    with tenant_context(cast.acme.pk):
        row = ApiKey.objects.get()
    assert charlie.delete(f"{KEYS}/{row.pk}").status_code == 404
    assert me(key) == 200


def test_k12_unknown_expired_and_revoked_keys_get_one_answer(alice: APIClient, cast: Cast) -> None:
    expired, unknown = rotate(alice), api_keys.new_key()
    revoked = rotate(alice)
    with tenant_context(cast.acme.pk):
        row = ApiKey.objects.get(digest=api_keys.key_digest(revoked))
        services.revoke_api_key(key_id=row.pk, at=clock.now())
    answers = [with_key(one).get(ME).json() for one in (expired, unknown, revoked)]
    assert len({(answer["status"], answer["detail"], answer["code"]) for answer in answers}) == 1


def test_the_answer_is_never_cached_and_the_deed_is_audited(alice: APIClient, cast: Cast) -> None:
    answer = alice.post(ROTATE)
    assert answer["Cache-Control"] == "no-store"
    assert set(answer.json()) == {"api_key", "created_at"}
    with tenant_context(cast.acme.pk):
        entry = AuditEntry.objects.get(action="api-key.rotated")
    assert entry.user_id == cast.alice.pk


def test_the_audit_log_is_read_in_pages_the_newest_first(alice: APIClient, cast: Cast) -> None:
    for _ in range(60):
        with tenant_context(cast.acme.pk):
            audit.record("render.cancelled")
    first = alice.get("/api/account/audit").json()
    second = alice.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [50, 11]
    assert first["results"][0]["at"] >= second["results"][0]["at"]


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 403)])
def test_j18_a_new_key_needs_a_sign_in_of_the_last_quarter_of_an_hour(
    alice: APIClient, cast: Cast, minutes: int, status: int
) -> None:
    Session.objects.filter(user=cast.alice).update(signed_in_at=clock.now() - timedelta(minutes=minutes))
    answer = alice.post(ROTATE)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "recent-sign-in-required"
        assert answer.json()["url"] == "http://testserver/account/confirm"
        with tenant_context(cast.acme.pk):
            assert not ApiKey.objects.exists()
