"""Sessions: seen by their owner, ended at once, and never stronger than what the database says now."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from rest_framework.test import APIClient

from accounts import access_tokens, conf
from accounts.models import Session, User
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Role, Tenant, TenantState
from tests.accounts.conftest import NEWCOMER, OWN_PAGE, refresh_at, sign_in
from tests.cast import Cast, bearer, browser_of, open_session

pytestmark = pytest.mark.django_db

ME = "/api/auth/me"
LOGOUT = "/api/auth/logout"
SESSIONS = "/api/auth/sessions"


def close_account(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)


def leave(cast: Cast) -> None:
    Membership.objects.filter(user=cast.bob).delete()


def suspend(cast: Cast) -> None:
    Tenant.objects.filter(pk=cast.acme.pk).update(state=TenantState.SUSPENDED)


def end_sessions(cast: Cast) -> None:
    Session.objects.filter(user=cast.bob).update(ended_at=clock.now())


@pytest.mark.parametrize(
    ("change", "status"), [(close_account, 401), (end_sessions, 401), (leave, 403), (suspend, 403)]
)
def test_j9_what_changes_holds_on_the_very_next_request(
    bob: APIClient, cast: Cast, change: Callable[[Cast], None], status: int
) -> None:
    assert bob.get(ME).status_code == 200
    with tenant_context(cast.acme.pk):
        change(cast)
    assert bob.get(ME).status_code == status


def test_j9_a_new_role_holds_on_the_very_next_request(bob: APIClient, cast: Cast) -> None:
    assert bob.get("/api/account/api-keys").status_code == 403
    with tenant_context(cast.acme.pk):
        Membership.objects.filter(user=cast.bob).update(role=Role.ADMIN)
    assert bob.get("/api/account/api-keys").status_code == 200


def test_j8_after_logout_the_access_token_is_dead(alice: APIClient) -> None:
    answer = alice.post(LOGOUT, **OWN_PAGE)
    assert answer.status_code == 204
    assert answer.cookies[conf.refresh_cookie()].value == ""
    assert alice.get(ME).status_code == 401


def test_j8_logout_works_by_cookie_when_the_access_token_has_expired(stranger: APIClient) -> None:
    signed_in = sign_in(NEWCOMER)
    stranger.cookies[conf.refresh_cookie()] = signed_in.refresh_token
    assert stranger.post(LOGOUT, **OWN_PAGE).status_code == 204
    assert refresh_at(APIClient(), signed_in.refresh_token).status_code == 401


def test_logging_out_twice_is_401(alice: APIClient) -> None:
    alice.post(LOGOUT, **OWN_PAGE)
    assert alice.post(LOGOUT, **OWN_PAGE).status_code == 401


def test_j14_the_tenant_in_a_token_is_only_a_selection(alice: APIClient, cast: Cast) -> None:
    session = open_session(cast.alice, cast.globex)
    for tenant_id in (cast.globex.pk, uuid.uuid4()):
        token = access_tokens.issue(
            user_id=cast.alice.pk, session_id=session.pk, tenant_id=tenant_id, at=clock.now()
        )
        answer = APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {token}")
        assert (answer.status_code, answer.json()["code"]) == (403, "no-workspace")


def test_t27_a_member_of_two_tenants_acts_in_the_one_of_the_token(cast: Cast) -> None:
    with tenant_context(cast.globex.pk):
        Membership.objects.create(user=cast.alice, role=Role.CREATOR)
    seen = [bearer(cast.alice, tenant).get(ME).json() for tenant in (cast.acme, cast.globex)]
    assert [(one["tenant"]["slug"], one["role"]) for one in seen] == [
        ("acme", "admin"),
        ("globex", "creator"),
    ]


def test_j15_people_see_their_own_devices_the_latest_first(alice: APIClient, cast: Cast) -> None:
    other = open_session(cast.alice, cast.acme)
    open_session(cast.bob, cast.acme)
    rows = alice.get(SESSIONS).json()["results"]
    assert [(row["id"] == str(other.pk), row["is_current"]) for row in rows] == [(True, False), (False, True)]
    assert set(rows[0]) == {"id", "device", "ip", "created_at", "seen_at", "is_current"}


def test_j15_one_device_is_ended(alice: APIClient, cast: Cast) -> None:
    other = open_session(cast.alice, cast.acme)
    assert alice.delete(f"{SESSIONS}/{other.pk}").status_code == 204
    assert alice.get(ME).status_code == 200
    other.refresh_from_db()
    assert other.end_reason == "signed-out"


def test_j15_all_devices_are_ended_this_one_too(alice: APIClient, cast: Cast) -> None:
    browser = browser_of(cast.alice, cast.acme)
    assert alice.delete(f"{SESSIONS}/all").status_code == 204
    assert alice.get(ME).status_code == 401
    assert browser.get("/login").status_code == 200


def test_the_audit_log_of_the_tenant_tells_it(alice: APIClient, cast: Cast) -> None:
    other = open_session(cast.alice, cast.acme)
    alice.delete(f"{SESSIONS}/{other.pk}")
    with tenant_context(cast.acme.pk):
        entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.user_id, entry.target) == (cast.alice.pk, f"session:{other.pk}")
    assert entry.detail == {"reason": "signed-out"}


def test_e4_anothers_session_and_no_session_are_the_same_404(alice: APIClient, cast: Cast) -> None:
    bobs = open_session(cast.bob, cast.acme)
    bodies = []
    for session in (bobs.pk, uuid.uuid4(), "nonsense"):
        answer = alice.delete(f"{SESSIONS}/{session}")
        assert answer.status_code == 404
        bodies.append({**answer.json(), "request_id": ""})
    assert bodies[0] == bodies[1] == bodies[2]
    bobs.refresh_from_db()
    assert bobs.ended_at is None


def test_c2_no_endpoint_of_the_api_believes_a_page_cookie(alice_browser: Client) -> None:
    believed = [path for path in api_paths() if alice_browser.get(path).status_code < 300]
    assert set(believed) <= {"/api/schema", "/api/docs", "/api/billing/plans"}


def api_paths() -> list[str]:
    """Every path under /api/ that takes no argument or any name or id."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            else:
                found.append("/" + fill(path))

    walk(get_resolver().url_patterns, "")
    return [path for path in found if path.startswith("/api/")]


def fill(path: str) -> str:
    parts = path.split("<")
    ends = [part.partition(">") for part in parts[1:]]
    values = [str(uuid.uuid4()) if kind.startswith("uuid") else "1" for kind, _, _ in ends]
    return parts[0] + "".join(value + rest for value, (_, _, rest) in zip(values, ends, strict=True))
