"""Sixteen at once on real connections: one link signs one in, one refresh token has one successor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts import conf, refresh_tokens, services, workspaces
from accounts.errors import LinkInvalid, LinkUsed
from accounts.magic_links import Asker
from accounts.models import LoginRequest, RefreshToken, Session, User
from cutroom import clock
from cutroom.errors import DomainError
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.accounts.conftest import ASKER, NEWCOMER, ask, refresh_at, sign_in
from tests.cast import Cast
from tests.threads import at_once

pytestmark = pytest.mark.committed

VERIFY = "/api/auth/magic-link/verify"

Answer = TypeVar("Answer")


def connected(deed: Callable[[int], Answer], *, count: int) -> list[Answer]:
    """As `at_once`, but nobody starts before everybody has a connection; fewer than the pool holds."""
    start = threading.Barrier(count)

    def work(number: int) -> Answer:
        connection.ensure_connection()
        start.wait()
        return deed(number)

    return at_once(work, count=count)


@pytest.mark.fault(40)
def test_m4_one_of_sixteen_verifies_gets_in() -> None:
    token = ask(NEWCOMER).token

    def verify(number: int) -> tuple[int, str]:
        # From sixteen networks, or the limit per network would answer some of them.
        answer = APIClient(REMOTE_ADDR=f"192.0.2.{number + 1}").post(VERIFY, {"token": token})
        return answer.status_code, answer.json().get("code", "")

    answers = sorted(at_once(verify, count=16))
    assert answers == [(200, ""), *[(400, "link-used")] * 15]
    assert Session.objects.count() == User.objects.count() == 1


def test_m4_link_and_code_are_one_use_together() -> None:
    link = ask(NEWCOMER)

    def verify(number: int) -> bool:
        try:
            if number % 2:
                services.verify_token(token=link.token, asker=ASKER, at=clock.now())
            else:
                services.verify_code(email=NEWCOMER, code=link.code, asker=Asker(), at=clock.now())
        except LinkUsed:
            return False
        return True

    assert sum(at_once(verify, count=8)) == 1


def test_m12_guesses_at_once_share_five_tries() -> None:
    link = ask(NEWCOMER)
    guess = f"{(int(link.code) + 1) % 1_000_000:06d}"

    def try_it(number: int) -> type[DomainError]:
        asker = Asker(ip=f"192.0.2.{number}")
        with pytest.raises((LinkInvalid, LinkUsed)) as refusal:
            services.verify_code(email=NEWCOMER, code=guess, asker=asker, at=clock.now())
        return refusal.type

    assert (
        sorted(kind.__name__ for kind in at_once(try_it, count=16)) == ["LinkInvalid"] * 5 + ["LinkUsed"] * 11
    )


def test_sign_ins_at_once_of_somebody_without_a_workspace_make_one() -> None:
    tokens = [ask(f"ada{n}@lovelace.test", asker=Asker(ip=f"192.0.2.{n}")).token for n in range(6)]
    LoginRequest.objects.update(email=NEWCOMER)
    person = User.objects.create_user(NEWCOMER)

    def come_in(number: int) -> UUID:
        return services.verify_token(token=tokens[number], asker=ASKER, at=clock.now()).session.tenant_id

    assert len(set(connected(come_in, count=6))) == 1
    assert len(workspaces.of(person.pk)) == 1


def test_j3_sixteen_refreshes_with_one_cookie_get_the_same_successor() -> None:
    token = sign_in(NEWCOMER).refresh_token

    def refresh(_: int) -> tuple[int, str]:
        answer = refresh_at(APIClient(), token)
        return answer.status_code, answer.cookies[conf.refresh_cookie()].value

    answers = at_once(refresh, count=16)
    assert len(set(answers)) == 1
    assert answers[0][0] == 200
    assert RefreshToken.objects.count() == 2
    assert Session.objects.get().ended_at is None


def test_j4_sixteen_replays_end_the_session_once() -> None:
    grandparent = sign_in(NEWCOMER).refresh_token
    at = clock.now()
    parent = refresh_tokens.rotate(grandparent, at=at).token
    refresh_tokens.rotate(parent, at=at)

    def replay(_: int) -> bool:
        try:
            services.refresh(token=grandparent, at=at + timedelta(minutes=1))
        except DomainError:
            return False
        return True

    assert not any(at_once(replay, count=16))
    session = Session.objects.get()
    assert session.end_reason == "token-reused"
    with tenant_context(session.tenant_id):
        assert AuditEntry.objects.filter(action="session.ended").count() == 1


@pytest.mark.fault(40)
def test_k6_two_rotations_at_once_leave_one_key(committed_cast: Cast) -> None:
    def rotate(_: int) -> str:
        with tenant_context(committed_cast.acme.pk):
            return services.rotate_api_key(user_id=None, grace=timedelta(0), at=clock.now())[0]

    keys = connected(rotate, count=6)
    client = APIClient()
    answers = [client.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {key}").status_code for key in keys]
    assert sorted(answers) == [200] + [401] * 5
