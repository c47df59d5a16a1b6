"""How many requests a tenant and its keys have left, said in headers, counted by plan, exact under load."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import counters, limits, tasks
from tests.accounts.conftest import NEWCOMER
from tests.accounts.test_api_keys import ME, rotate, with_key
from tests.cast import Cast, bearer
from tests.threads import at_once

REQUEST = "/api/auth/magic-link/request"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SMALL = {"free": {"tenant": 20, "key": 5}, "pro": {"tenant": 40, "key": 10}}
POLICY = re.compile(r'"(\w[\w-]*)";q=(\d+);w=(\d+)')
LEVEL = re.compile(r'"(\w[\w-]*)";r=(\d+);t=(\d+)')


@pytest.fixture(autouse=True)
def _small(settings: Settings) -> None:
    settings.ACCOUNTS_REQUEST_LIMITS = SMALL
    limits._plan.cache_clear()


@pytest.mark.django_db
def test_r8_an_answer_tells_the_rule_and_what_is_left_of_it(alice: APIClient) -> None:
    answers = [alice.get(ME) for _ in range(2)]
    assert [POLICY.findall(each["RateLimit-Policy"]) for each in answers] == [[("tenant", "20", "60")]] * 2
    [first], [second] = (LEVEL.findall(each["RateLimit"]) for each in answers)
    assert [first[:2], second[:2]] == [("tenant", "19"), ("tenant", "18")]
    assert 0 < int(second[2]) <= 60


@pytest.mark.django_db
def test_r8_a_key_has_a_limit_beside_that_of_its_tenant(alice: APIClient) -> None:
    client = with_key(rotate(alice))
    answers = [client.get(ME) for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert dict(LEVEL.findall(answers[0]["RateLimit"])[i][:2] for i in (0, 1)) == {"tenant": "18", "key": "4"}
    assert 0 < int(answers[5]["Retry-After"]) <= 60
    assert ("key", "0") in [level[:2] for level in LEVEL.findall(answers[5]["RateLimit"])]
    assert alice.get(ME).status_code == 200


@pytest.mark.django_db
def test_r8_a_refusal_counts_nowhere_and_another_tenant_is_not_held_up(
    alice: APIClient, bob: APIClient, charlie: APIClient
) -> None:
    assert [alice.get(ME).status_code for _ in range(22)] == [200] * 20 + [429] * 2
    refused = bob.get(ME)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert charlie.get(ME).status_code == 200


@pytest.mark.django_db
def test_r8_a_larger_plan_has_larger_limits_once_a_worker_noted_it(alice: APIClient, cast: Cast) -> None:
    counters.note_plan(cast.acme.pk, "pro")
    assert POLICY.findall(alice.get(ME)["RateLimit-Policy"]) == [("tenant", "40", "60")]
    assert tasks.note_plan(str(cast.acme.pk)) == "free"
    assert counters.noted_plan(cast.acme.pk) == "free"


@pytest.mark.django_db
def test_sign_in_tells_of_its_network_and_never_of_a_mailbox(stranger: APIClient) -> None:
    answers = [stranger.post(REQUEST, {"email": NEWCOMER}) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 429]
    assert [POLICY.findall(each["RateLimit-Policy"]) for each in answers] == [[("network", "20", "3600")]] * 2
    assert 0 < int(answers[1]["Retry-After"]) <= 60


@pytest.mark.django_db
def test_what_is_not_counted_says_nothing(stranger: APIClient) -> None:
    assert "RateLimit" not in stranger.get("/api/schema")


@pytest.mark.committed
def test_r1_r2_of_two_hundred_forged_requests_at_once_twenty_pass(
    committed_cast: Cast,
) -> None:
    client = bearer(committed_cast.alice, committed_cast.acme)
    credentials = client._credentials  # type: ignore[attr-defined]  # how DRF's client keeps them

    def get(number: int) -> int:
        one = APIClient()
        one.credentials(**credentials)
        forged = f"10.0.{number % 100}.1"
        return int(one.get(ME, HTTP_X_FORWARDED_FOR=forged).status_code)

    answers = at_once(get, count=200, threads=16)
    assert (answers.count(200), answers.count(429)) == (20, 180)


@pytest.mark.committed
def test_r7_without_redis_postgresql_counts_requests_too(
    committed_cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    client = bearer(committed_cast.alice, committed_cast.acme)
    # Its windows begin with the minute: let this one begin now.
    monkeypatch.setattr("accounts.counters.clock", SimpleNamespace(now=lambda: NOON))
    answers = [client.get(ME).status_code for _ in range(22)]
    assert (answers.count(200), answers.count(429)) == (20, 2)


def test_a_process_asks_for_the_plan_once_in_ten_seconds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("cutroom.dispatch.ring", lambda name, **_: asked.append(name))
    monkeypatch.setattr("accounts.limits.time.time", lambda: 1000.0)
    for _ in range(5):
        limits.requests(tenant_id=cast.acme.pk)
    assert asked == ["accounts.note_plan"]
