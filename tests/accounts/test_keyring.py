"""Keys made to measure: their scopes, networks, rate and end, and the mail before the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import keyring
from accounts.keyring import Wish
from accounts.models import ApiKey, OutboxMail
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import AuditEntry, Membership, Role
from tenants.roles import ALL_SCOPES, TABLE, Capability, Scope
from tests.accounts.invites import Delivered
from tests.accounts.test_api_keys import KEYS, ME, ROTATE, me, with_key
from tests.cast import Cast

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
USAGE = "/api/v1/usage"
PROJECTS = "/api/v1/projects"


def make(client: APIClient, **body: Any) -> str:
    answer = client.post(KEYS, body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["api_key"])


def rows(client: APIClient) -> list[dict[str, Any]]:
    return list(client.get(KEYS).json()["results"])


def test_a_further_key_leaves_the_others_alone(alice: APIClient) -> None:
    first, second = make(alice, name="Build server"), make(alice, name="Nightly")
    assert [me(first), me(second)] == [200, 200]
    assert [row["name"] for row in rows(alice)] == ["Nightly", "Build server"]


def test_k7_a_key_does_what_its_scopes_name_and_nothing_else(alice: APIClient) -> None:
    reader = with_key(make(alice, scopes=["videos:read"]))
    assert reader.get(PROJECTS).status_code == 200
    refusals = [reader.post(PROJECTS, {"title": "Mill"}), reader.get(USAGE)]
    assert [(each.status_code, each.json()["code"], each.json()["scope"]) for each in refusals] == [
        (403, "insufficient-scope", "videos:write"),
        (403, "insufficient-scope", "usage:read"),
    ]


def test_k7_a_key_without_scopes_may_only_ask_who_it_is(alice: APIClient) -> None:
    nobody = with_key(make(alice, scopes=[]))
    assert nobody.get(ME).status_code == 200
    assert {nobody.get(path).status_code for path in (PROJECTS, USAGE, "/api/billing/plans")} == {403}


def test_k7_scopes_never_exceed_what_a_creator_may() -> None:
    assert {scope for rule in TABLE.values() for scope in (rule.reads, rule.writes) if scope} == set(Scope)
    assert all(rule.creator for rule in TABLE.values() if rule.api_key)
    assert not TABLE[Capability.MANAGE_KEYS].api_key


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"networks": ["the office"]}, "networks"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"requests_a_minute": 0}, "requests_a_minute"),
        ({"rights": "all"}, "rights"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_by_name(
    alice: APIClient, body: dict[str, Any], field: str
) -> None:
    answer = alice.post(KEYS, body)
    assert answer.status_code == 400
    assert [error["field"].partition(".0")[0] for error in answer.json()["errors"]] == [
        field.partition(".0")[0]
    ]


def test_k8_a_key_for_one_network_is_refused_elsewhere_and_that_is_audited(
    alice: APIClient, cast: Cast
) -> None:
    client = with_key(make(alice, networks=["203.0.113.0/24", "2001:db8::/32"]))
    statuses = {
        address: client.get(ME, REMOTE_ADDR=address).status_code
        for address in ("203.0.113.9", "2001:db8::1", "198.51.100.1", "127.0.0.1")
    }
    assert statuses == {"203.0.113.9": 200, "2001:db8::1": 200, "198.51.100.1": 403, "127.0.0.1": 403}
    with tenant_context(cast.acme.pk):
        denied = AuditEntry.objects.filter(action="request.denied")
        assert {entry.detail["code"] for entry in denied} == {"foreign-network"}


def test_k8_a_key_has_a_rate_of_its_own(alice: APIClient) -> None:
    slow, other = with_key(make(alice, requests_a_minute=2)), with_key(make(alice))
    assert [slow.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    assert other.get(ME).status_code == 200


def test_k3_the_list_tells_who_made_a_key_and_who_used_it_last(alice: APIClient, cast: Cast) -> None:
    key = make(alice)
    with_key(key).get(ME, HTTP_USER_AGENT="curl/8.5", REMOTE_ADDR="203.0.113.9")
    [row] = rows(alice)
    assert row["created_by"] == str(cast.alice.pk)
    assert (row["last_used_ip"], row["last_used_device"]) == ("203.0.113.9", "curl")
    assert row["scopes"] == sorted(ALL_SCOPES)


def test_k5_one_key_is_replaced_by_its_like(alice: APIClient, cast: Cast) -> None:
    old, other = make(alice, name="Nightly", scopes=["usage:read"], expires_in_days=30), make(alice)
    wanted = next(row["id"] for row in rows(alice) if row["name"] == "Nightly")
    new = alice.post(ROTATE, {"key_id": wanted}).json()["api_key"]
    assert [me(key) for key in (old, other, new)] == [401, 200, 200]
    newest = rows(alice)[0]
    assert (newest["name"], newest["scopes"]) == ("Nightly", ["usage:read"])
    life = datetime.fromisoformat(newest["expires_at"]) - datetime.fromisoformat(newest["created_at"])
    assert life == timedelta(days=30)


def test_the_key_of_another_tenant_cannot_be_replaced(alice: APIClient, charlie: APIClient) -> None:
    key = make(alice)
    assert charlie.post(ROTATE, {"key_id": rows(alice)[0]["id"]}).status_code == 404
    assert me(key) == 200


@pytest.fixture
def ending(cast: Cast) -> ApiKey:
    """A key of Acme's, made at noon, that ends in thirty days."""
    with tenant_context(cast.acme.pk):
        wish = Wish(name="Nightly", ends_at=NOON + timedelta(days=30))
        return keyring.make(wish, user_id=cast.alice.pk, at=NOON)[1]


def warned_on(days_before: float) -> int:
    return keyring.warn_of_ends(at=NOON + timedelta(days=30 - days_before))


@pytest.mark.committed
def test_k8_admins_are_told_14_3_and_1_days_before_a_key_ends_each_once(committed_cast: Cast) -> None:
    with tenant_context(committed_cast.acme.pk):
        Membership.objects.filter(user=committed_cast.bob).update(role=Role.ADMIN)
        wish = Wish(name="Nightly", ends_at=NOON + timedelta(days=30))
        keyring.make(wish, user_id=None, at=NOON)
    days = (20, 14, 13, 4, 3, 2.5, 1, 0.5, 0.1, -1)
    assert [warned_on(day) for day in days] == [0, 1, 0, 0, 1, 0, 1, 0, 0, 0]
    told = OutboxMail.objects.order_by("created_at").values_list("subject", flat=True)
    assert [text.partition("ends ")[2] for text in told][::2] == ["in 14 days", "in 3 days", "tomorrow"]
    assert set(OutboxMail.objects.values_list("recipient", flat=True)) == {
        committed_cast.alice.email,
        committed_cast.bob.email,
    }


@pytest.mark.committed
def test_k8_nobody_is_told_what_they_just_chose(committed_cast: Cast) -> None:
    with tenant_context(committed_cast.acme.pk):
        keyring.make(Wish(ends_at=NOON + timedelta(days=2)), user_id=None, at=NOON)
        _, gone = keyring.make(Wish(ends_at=NOON + timedelta(days=40)), user_id=None, at=NOON)
        keyring.end(keyring.listed().filter(pk=gone.pk), ends_at=NOON + timedelta(hours=20), at=NOON)
    assert [keyring.warn_of_ends(at=NOON + timedelta(hours=hour)) for hour in (1, 12, 30)] == [0, 0, 1]


def test_the_mail_names_the_key_and_gives_it_to_nobody(
    ending: ApiKey, cast: Cast, delivered: Delivered
) -> None:
    with tenant_context(cast.acme.pk):
        keyring.tell_admins(ending, subject="An API key ends", sentence="Soon.", at=clock.now())
    [mail] = delivered()
    assert f"{ending.prefix}…{ending.last_four} (Nightly) of Acme" in str(mail.body)
    assert mail.to == [cast.alice.email]


def test_k4_nobody_waits_for_somebody_who_notes_the_same_use(alice: APIClient, cast: Cast) -> None:
    """The statement skips a row that is locked; tests/accounts/test_single_use.py races it."""
    key = make(alice)
    assert {me(key) for _ in range(3)} == {200}
