"""Sixteen at once on real connections: one code opens one session, however many challenges ask for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from accounts.models import Session
from accounts.second_factor import challenges, recovery_codes, totp
from accounts.second_factor.models import RecoveryCode
from cutroom import clock
from tests.accounts.second_factor.conftest import SECOND
from tests.accounts.test_single_use import connected
from tests.cast import Cast, give_app
from tests.threads import at_once

pytestmark = pytest.mark.committed

SIXTEEN = 16
# Each holds a connection while it waits for the others, and the pool has eight.
SOME = 6


@pytest.fixture(autouse=True)
def _many_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen tries of one person, or the limits would answer some of them."""
    monkeypatch.setattr("accounts.limits.second_factor", lambda **_: [])
    monkeypatch.setattr("accounts.conf.CHALLENGE_TRIES", 100)


def answers(tokens: list[str], code: str) -> list[int]:
    def answer(number: int) -> int:
        token = tokens[number % len(tokens)]
        return int(APIClient().post(SECOND, {"challenge": token, "code": code}).status_code)

    return sorted(at_once(answer, count=SIXTEEN))


@pytest.mark.parametrize("how_many", [1, SIXTEEN])
def test_one_code_of_the_app_opens_one_session(committed_cast: Cast, how_many: int) -> None:
    alice = committed_cast.alice
    phone = give_app(alice)
    tokens = [challenges.ask(user=alice, at=clock.now()).token for _ in range(how_many)]
    assert answers(tokens, phone.code(clock.now())) == [200] + [400] * 15
    assert Session.objects.filter(user=alice).count() == 1


@pytest.mark.parametrize("how_many", [1, SIXTEEN])
def test_one_recovery_code_opens_one_session(committed_cast: Cast, how_many: int) -> None:
    alice = committed_cast.alice
    give_app(alice)
    code = recovery_codes.renew(user_id=alice.pk, at=clock.now())[0]
    tokens = [challenges.ask(user=alice, at=clock.now()).token for _ in range(how_many)]
    assert answers(tokens, code) == [200] + [400] * 15
    assert RecoveryCode.objects.exclude(used_at=None).count() == 1


def test_the_same_step_is_spent_once_below_the_api_too(committed_cast: Cast) -> None:
    """Where no lock of the person makes them queue; all have a connection before they start."""
    bob, at = committed_cast.bob.pk, clock.now()
    phone = give_app(committed_cast.bob)

    def spend_at(later: datetime) -> int:
        code = phone.code(later)
        return sum(connected(lambda _: totp.use(user_id=bob, code=code, at=later), count=SOME))

    assert [spend_at(at + timedelta(seconds=30 * step)) for step in range(10)] == [1] * 10


def test_ten_good_codes_at_once_open_one_session_of_one_challenge(committed_cast: Cast) -> None:
    """Each code alone would do; those that came too late are not spent."""
    alice = committed_cast.alice
    give_app(alice)
    codes = recovery_codes.renew(user_id=alice.pk, at=clock.now())
    token = challenges.ask(user=alice, at=clock.now()).token

    def answer(number: int) -> int:
        return int(APIClient().post(SECOND, {"challenge": token, "code": codes[number]}).status_code)

    assert sorted(at_once(answer, count=10)) == [200] + [400] * 9
    assert Session.objects.filter(user=alice).count() == 1
    assert recovery_codes.left(alice.pk) == 9


def test_guesses_at_once_share_five_tries(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.conf.CHALLENGE_TRIES", 5)
    give_app(committed_cast.alice)
    token = challenges.ask(user=committed_cast.alice, at=clock.now()).token

    def guess(_: int) -> str:
        return str(APIClient().post(SECOND, {"challenge": token, "code": "000000"}).json()["code"])

    said = at_once(guess, count=SIXTEEN)
    assert said.count("second-factor-refused") == 5
    assert said.count("challenge-over") == 11
