"""Limits: exact under load, keyed by who really asks, and still there without Redis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import addresses, limits
from accounts.limits import Limit
from accounts.models import RateBucket
from cutroom.errors import RateLimited
from tests.accounts.conftest import NEWCOMER, ask
from tests.threads import at_once

REQUEST = "/api/auth/magic-link/request"
VERIFY = "/api/auth/magic-link/verify"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def passes(*wanted: Limit) -> bool:
    try:
        limits.check(wanted)
    except RateLimited:
        return False
    return True


@pytest.fixture
def no_redis(settings: Settings) -> None:
    """Nobody listens where Redis should be."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The windows that PostgreSQL counts begin now."""
    monkeypatch.setattr("cutroom.clock.now", lambda: NOON)


def test_r1_two_hundred_at_once_at_a_limit_of_twenty() -> None:
    one = Limit(key="test", count=20, seconds=60)
    assert sum(at_once(lambda _: passes(one), count=200, threads=32)) == 20


@pytest.mark.committed
@pytest.mark.usefixtures("no_redis", "at_noon")
def test_r7_without_redis_postgresql_counts_as_exactly() -> None:
    one = Limit(key="test", count=20, seconds=60)
    assert sum(at_once(lambda _: passes(one), count=60, threads=8)) == 20
    assert RateBucket.objects.get().count == 20


@pytest.mark.django_db
@pytest.mark.usefixtures("no_redis", "at_noon")
def test_r7_without_redis_a_refusal_counts_nothing_and_says_when() -> None:
    wide, narrow = Limit(key="wide", count=9, seconds=3600), Limit(key="narrow", count=1, seconds=60)
    limits.check([wide, narrow])
    with pytest.raises(RateLimited) as refusal:
        limits.check([wide, narrow])
    assert refusal.value.retry_after == 60
    assert RateBucket.objects.get(key="wide").count == 1


def test_a_refusal_by_one_limit_counts_in_none() -> None:
    wide, narrow = Limit(key="wide", count=2, seconds=60), Limit(key="narrow", count=1, seconds=60)
    assert [passes(wide, narrow), passes(wide, narrow), passes(wide), passes(wide)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_counter_ends_with_its_window(settings: Settings) -> None:
    limits.check([Limit(key="test", count=1, seconds=60)])
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        (key,) = server.keys("cutroom:limit:*")
        assert 0 < server.ttl(key) <= 60


@pytest.mark.django_db
def test_r3_a_mailbox_gets_one_link_a_minute_however_it_is_spelt(stranger: APIClient) -> None:
    assert stranger.post(REQUEST, {"email": "ada@lovelace.test"}).status_code == 200
    for spelling in ("ADA@lovelace.test", "a.d.a@lovelace.test", "ada+1@lovelace.test"):
        answer = stranger.post(REQUEST, {"email": spelling})
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 60


@pytest.mark.django_db
def test_r3_the_limit_of_a_mailbox_holds_in_development_too(stranger: APIClient, settings: Settings) -> None:
    settings.DEBUG = True
    answers = [stranger.post(REQUEST, {"email": NEWCOMER}).status_code for _ in range(2)]
    assert answers == [200, 429]


@pytest.mark.django_db
@pytest.mark.parametrize(("debug", "expected"), [(False, [200] * 20 + [429] * 2), (True, [200] * 22)])
def test_r3_a_network_gets_twenty_links_an_hour_loopback_is_free_in_development(
    stranger: APIClient, settings: Settings, debug: bool, expected: list[int]
) -> None:
    settings.DEBUG = debug
    answers = [stranger.post(REQUEST, {"email": f"ada{n}@x.test"}).status_code for n in range(22)]
    assert answers == expected


@pytest.mark.django_db
def test_r4_verify_is_tried_ten_times_a_network(stranger: APIClient) -> None:
    answers = [stranger.post(VERIFY, {"token": "guess"}).status_code for _ in range(11)]
    assert answers == [400] * 10 + [429]


@pytest.mark.django_db
def test_r6_asking_too_often_never_blocks_a_link_already_sent(stranger: APIClient) -> None:
    token = ask(NEWCOMER).token
    assert stranger.post(REQUEST, {"email": NEWCOMER}).status_code == 429
    assert stranger.post(VERIFY, {"token": token}).status_code == 200


@pytest.mark.django_db
def test_r2_forged_headers_share_one_bucket(stranger: APIClient) -> None:
    stranger.defaults["REMOTE_ADDR"] = "203.0.113.9"
    answers = []
    for n in range(100):
        body = {"email": f"ada{n}@x.test"}
        answers.append(stranger.post(REQUEST, body, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").status_code)
    assert answers.count(200) == 20


Ask = Callable[..., HttpRequest]


@pytest.fixture
def proxied(settings: Settings) -> Ask:
    """A request that came through the networks 10.0.0.0/8 and ::1, which are ours."""
    settings.ACCOUNTS_TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]

    def make(remote: str, forwarded: str = "") -> HttpRequest:
        extra: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
        return RequestFactory().get("/", REMOTE_ADDR=remote, **extra)

    return make


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", ""),
        ("10.0.0.1", "198.51.100.1:4711", ""),
        ("", "", ""),
    ],
)
def test_r2_the_caller_is_the_rightmost_address_that_is_not_ours(
    proxied: Ask, remote: str, forwarded: str, expected: str
) -> None:
    assert addresses.client_ip(proxied(remote, forwarded)) == expected


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("::1", "::/64"),
        ("", "unknown"),
    ],
)
def test_a_network_is_one_ipv4_address_or_a_64_of_ipv6(address: str, network: str) -> None:
    assert addresses.network(address) == network


@pytest.mark.django_db
@pytest.mark.usefixtures("no_redis")
def test_r7_a_link_can_be_had_without_redis(stranger: APIClient) -> None:
    assert stranger.post(REQUEST, {"email": NEWCOMER}).status_code == 200


@pytest.mark.django_db
def test_malformed_addresses_count_against_nobody(stranger: APIClient) -> None:
    answers = {stranger.post(REQUEST, {"email": "nonsense"}).status_code for _ in range(30)}
    assert answers == {400}
