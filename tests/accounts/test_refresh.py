"""Refresh tokens: cookies, families, the grace for parallel tabs, and what a replay costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import conf, refresh_tokens, services
from accounts.errors import BadCredentials, SessionEnded
from accounts.models import RefreshToken, Session, User
from cutroom import clock
from tenants.context import tenant_context
from tests.accounts.conftest import NEWCOMER, OWN_PAGE, ask, refresh_at, sign_in

pytestmark = pytest.mark.django_db

REFRESH = "/api/auth/refresh"
HOUR = timedelta(hours=1)


def me(access_token: str) -> int:
    answer = APIClient().get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {access_token}")
    return int(answer.status_code)


def attributes(answer: Any, name: str) -> dict[str, Any]:
    """What a cookie was sent with."""
    return {key: value for key, value in answer.cookies[name].items() if value}


def test_a_refresh_gives_a_new_access_token_and_a_new_cookie(stranger: APIClient) -> None:
    token = sign_in(NEWCOMER).refresh_token
    answer = refresh_at(stranger, token)
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] is None
    assert me(answer.json()["access_token"]) == 200
    assert answer.cookies[conf.refresh_cookie()].value != token


def test_j2_over_https_the_cookie_is_bound_to_this_host(stranger: APIClient, settings: Settings) -> None:
    settings.SECURE_COOKIES = True
    answer = stranger.post("/api/auth/magic-link/verify", {"token": ask(NEWCOMER).token})
    sent = attributes(answer, "__Host-refresh")
    assert sent.pop("expires")
    assert sent == {"httponly": True, "secure": True, "samesite": "Strict", "path": "/", "max-age": 2592000}


def test_j2_over_plain_http_it_has_another_name(stranger: APIClient) -> None:
    answer = stranger.post("/api/auth/magic-link/verify", {"token": ask(NEWCOMER).token})
    assert list(answer.cookies) == ["refresh"]
    assert "secure" not in attributes(answer, "refresh")


def test_j16_answers_with_cookies_are_never_cached(stranger: APIClient) -> None:
    verified = stranger.post("/api/auth/magic-link/verify", {"token": ask(NEWCOMER).token})
    refreshed = stranger.post(REFRESH, **OWN_PAGE)
    assert [answer["Cache-Control"] for answer in (verified, refreshed)] == ["no-store"] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_ORIGIN": "http://testserver"},
        {"HTTP_X_REQUESTED_WITH": "fetch"},
        {**OWN_PAGE, "HTTP_ORIGIN": "http://evil.test"},
        {**OWN_PAGE, "HTTP_ORIGIN": "http://testserver.evil.test"},
        {**OWN_PAGE, "HTTP_ORIGIN": "http://sub.testserver"},
        {**OWN_PAGE, "HTTP_ORIGIN": "https://testserver"},
        {**OWN_PAGE, "HTTP_ORIGIN": "http://testserver:8080"},
        {**OWN_PAGE, "HTTP_ORIGIN": "null"},
        {**OWN_PAGE, "HTTP_SEC_FETCH_SITE": "cross-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [REFRESH, "/api/auth/logout"])
def test_c1_c5_cookie_routes_answer_only_our_own_pages(
    stranger: APIClient, path: str, headers: dict[str, Any]
) -> None:
    stranger.cookies[conf.refresh_cookie()] = sign_in(NEWCOMER).refresh_token
    answer = stranger.post(path, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-origin")
    assert Session.objects.get().ended_at is None
    assert RefreshToken.objects.get().used_at is None


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
@pytest.mark.parametrize("path", [REFRESH, "/api/auth/logout"])
def test_c1_a_form_is_no_call_of_ours(stranger: APIClient, path: str, content_type: str) -> None:
    stranger.cookies[conf.refresh_cookie()] = sign_in(NEWCOMER).refresh_token
    answer = stranger.generic("POST", path, "a=1", content_type=content_type, **OWN_PAGE)
    assert answer.status_code == 415
    assert RefreshToken.objects.get().used_at is None


def test_a_second_use_within_the_grace_gets_the_same_successor() -> None:
    token, at = sign_in(NEWCOMER).refresh_token, clock.now()
    first = refresh_tokens.rotate(token, at=at)
    refresh_tokens.rotate(first.token, at=at)
    late_tab = refresh_tokens.rotate(token, at=at + timedelta(seconds=9))
    assert (late_tab.token, late_tab.is_replay) == (first.token, False)


def test_j4_a_client_that_lost_the_answer_may_ask_again_much_later() -> None:
    token, at = sign_in(NEWCOMER).refresh_token, clock.now()
    first = services.refresh(token=token, at=at)
    again = services.refresh(token=token, at=at + HOUR)
    assert again.refresh_token == first.refresh_token
    assert Session.objects.get().ended_at is None


def test_j4_a_replayed_grandparent_ends_the_family_and_warns(
    stranger: APIClient, delivered: Callable[[], list[EmailMultiAlternatives]]
) -> None:
    grandparent = sign_in(NEWCOMER).refresh_token
    parent = refresh_at(stranger, grandparent).cookies[conf.refresh_cookie()].value
    thief = refresh_at(APIClient(), parent)
    RefreshToken.objects.exclude(used_at=None).update(used_at=clock.now() - HOUR)
    replay = refresh_at(stranger, grandparent)
    assert (replay.status_code, replay.json()["code"]) == (401, "session-ended")
    assert me(thief.json()["access_token"]) == 401
    assert refresh_at(APIClient(), thief.cookies[conf.refresh_cookie()].value).status_code == 401
    warning = delivered()[-1]
    assert (warning.to, warning.subject) == ([NEWCOMER], "A session of yours was ended")


def test_j4_a_replay_with_somebodys_bearer_beside_it_ends_the_family_too(alice: APIClient) -> None:
    """The caller's own transaction is rolled back by a refusal; the end of the family must not be."""
    grandparent, at = sign_in(NEWCOMER).refresh_token, clock.now() - HOUR
    refresh_tokens.rotate(refresh_tokens.rotate(grandparent, at=at).token, at=at)
    assert refresh_at(alice, grandparent).status_code == 401
    assert Session.objects.get(user__email=NEWCOMER).end_reason == "token-reused"


def test_j5_no_refusal_deletes_the_cookie_of_a_living_family(stranger: APIClient) -> None:
    sign_in(NEWCOMER)
    assert refresh_at(stranger, "unknown").cookies == {}
    assert stranger.post(REFRESH, **OWN_PAGE).cookies == {}


def test_j6_a_crash_before_the_answer_leaves_the_old_token_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_in(NEWCOMER).refresh_token

    def die(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("cutroom.sealing.seal", die)
        with pytest.raises(RuntimeError):
            services.refresh(token=token, at=clock.now())
    assert RefreshToken.objects.count() == 1
    services.refresh(token=token, at=clock.now())


def test_j7_a_session_ends_after_thirty_idle_days() -> None:
    token = sign_in(NEWCOMER).refresh_token
    with pytest.raises(SessionEnded):
        services.refresh(token=token, at=clock.now() + timedelta(days=30, minutes=1))


def test_j7_and_after_ninety_days_however_busy() -> None:
    token, at = sign_in(NEWCOMER).refresh_token, clock.now()
    for days in (25, 50, 75):
        token = services.refresh(token=token, at=at + timedelta(days=days)).refresh_token
    with pytest.raises(SessionEnded):
        services.refresh(token=token, at=at + timedelta(days=90, minutes=1))


@pytest.mark.parametrize("how", ["closed", "deleted"])
def test_j16_a_person_who_is_gone_gets_401(stranger: APIClient, how: str) -> None:
    signed_in, person = sign_in(NEWCOMER), User.objects.filter(email=NEWCOMER)
    if how == "closed":
        person.update(is_active=False)
    else:
        with tenant_context(signed_in.session.tenant_id):
            person.delete()
    assert refresh_at(stranger, signed_in.refresh_token).status_code == 401


def test_j17_only_hashes_are_stored() -> None:
    first = sign_in(NEWCOMER).refresh_token
    second = services.refresh(token=first, at=clock.now()).refresh_token
    stored = repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in _rows()])
    assert first not in stored
    assert second not in stored


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(BadCredentials):
        services.refresh(token="nonsense", at=clock.now())


def _rows() -> list[tuple[Any, ...]]:
    return list(RefreshToken.objects.values_list())
