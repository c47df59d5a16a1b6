"""Signing in at the API with a second factor: a right link gives a challenge, never a session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import conf
from accounts.models import Session
from accounts.second_factor import challenges, recovery_codes
from accounts.second_factor.models import AuthenticatorApp, FactorChallenge
from cutroom import clock
from tenants.context import tenant_context
from tenants.models import AuditEntry
from tests.accounts.conftest import ask
from tests.accounts.second_factor.authenticator import SecurityKey
from tests.accounts.second_factor.conftest import SECOND, VERIFY, first_step
from tests.cast import AppInHand, Cast

pytestmark = pytest.mark.django_db


def answer(client: APIClient, problem: dict[str, Any], **proof: Any) -> Any:
    return client.post(SECOND, {"challenge": problem["challenge"], **proof}, format="json")


def test_without_a_second_factor_nothing_changes(stranger: APIClient, cast: Cast) -> None:
    assert stranger.post(VERIFY, {"token": ask(cast.bob.email).token}).status_code == 200


def test_a_right_link_gives_no_token_no_cookie_and_no_session(
    stranger: APIClient, cast: Cast, phone: AppInHand
) -> None:
    refused = stranger.post(VERIFY, {"token": ask(cast.alice.email).token})
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert "no-store" in refused["Cache-Control"]
    assert not refused.cookies
    problem = refused.json()
    assert (problem["code"], problem["methods"]) == ("second-factor-required", ["app"])
    assert (problem["expires_in"], problem["passkey"]) == (600, None)
    assert "access_token" not in problem
    assert not Session.objects.filter(user=cast.alice).exists()


def test_so_does_a_right_code(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    body = {"email": cast.alice.email, "code": ask(cast.alice.email).code}
    assert stranger.post(VERIFY, body).json()["code"] == "second-factor-required"


def test_the_link_is_used_up_by_its_challenge(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    token = ask(cast.alice.email).token
    codes = [stranger.post(VERIFY, {"token": token}).json()["code"] for _ in range(2)]
    assert codes == ["second-factor-required", "link-used"]


def test_also_when_a_bearer_of_somebody_else_is_sent(
    charlie: APIClient, cast: Cast, phone: AppInHand
) -> None:
    """A refusal takes the caller's transaction back; the used link and the challenge must stay."""
    token = ask(cast.alice.email).token
    problem = charlie.post(VERIFY, {"token": token}).json()
    assert charlie.post(VERIFY, {"token": token}).json()["code"] == "link-used"
    assert answer(charlie, problem, code="000000").json()["code"] == "second-factor-refused"
    assert FactorChallenge.objects.get().tries == 1


def test_the_code_of_the_app_finishes_signing_in(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    entered = answer(stranger, first_step(stranger, cast.alice), code=phone.code(clock.now()))
    assert entered.status_code == 200
    assert set(entered.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert entered.cookies[conf.refresh_cookie()].value
    assert entered["Cache-Control"] == "no-store"
    session = Session.objects.get(user=cast.alice)
    assert session.second_factor_at == session.signed_in_at
    stranger.credentials(HTTP_AUTHORIZATION=f"Bearer {entered.json()['access_token']}")
    assert stranger.get("/api/auth/me").json()["email"] == cast.alice.email


def test_people_type_the_code_in_groups(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    code = phone.code(clock.now())
    assert (
        answer(stranger, first_step(stranger, cast.alice), code=f"{code[:3]} {code[3:]}").status_code == 200
    )


def test_a_passkey_finishes_signing_in(stranger: APIClient, cast: Cast, key: SecurityKey) -> None:
    problem = first_step(stranger, cast.bob)
    assert problem["methods"] == ["passkey", "recovery-code"]
    assert problem["passkey"]["rpId"] == "localhost"
    assert answer(stranger, problem, passkey=key.get(problem["passkey"])).status_code == 200


def test_a_recovery_code_finishes_signing_in_once(stranger: APIClient, cast: Cast, codes: list[str]) -> None:
    typed = codes[3].upper().replace("-", " ")
    assert answer(stranger, first_step(stranger, cast.alice), code=typed).status_code == 200
    assert recovery_codes.left(cast.alice.pk) == 9


def test_a_spent_recovery_code_is_refused(
    stranger: APIClient, cast: Cast, codes: list[str], settings: Settings
) -> None:
    recovery_codes.use(user_id=cast.alice.pk, code=codes[0], at=clock.now())
    refused = answer(stranger, first_step(stranger, cast.alice), code=codes[0])
    assert (refused.status_code, refused.json()["code"]) == (400, "second-factor-refused")


def test_signing_in_is_audited_with_its_method(stranger: APIClient, cast: Cast, codes: list[str]) -> None:
    answer(stranger, first_step(stranger, cast.alice), code=codes[0])
    with tenant_context(cast.acme.pk):
        entry = AuditEntry.objects.get(action="session.second-factor")
    assert (entry.user_id, entry.detail) == (cast.alice.pk, {"method": "recovery-code"})


@pytest.mark.parametrize("wrong", ["000000", "12345", "", "aaaaa-bbbbb", "１２３４５６", "²²²²²²"])
def test_a_wrong_code_opens_nothing(stranger: APIClient, cast: Cast, codes: list[str], wrong: str) -> None:
    refused = answer(stranger, first_step(stranger, cast.alice), code=wrong)
    assert refused.status_code == 400
    assert not Session.objects.filter(user=cast.alice).exists()


def test_a_challenge_takes_five_wrong_answers(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    problem = first_step(stranger, cast.alice)
    said = [answer(stranger, problem, code="000000").json()["code"] for _ in range(6)]
    assert said == ["second-factor-refused"] * 5 + ["challenge-over"]
    assert answer(stranger, problem, code=phone.code(clock.now())).json()["code"] == "challenge-over"


def test_a_challenge_lives_ten_minutes(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    problem = first_step(stranger, cast.alice)
    FactorChallenge.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert answer(stranger, problem, code=phone.code(clock.now())).json()["code"] == "challenge-over"


def test_a_challenge_counts_once(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    problem = first_step(stranger, cast.alice)
    answer(stranger, problem, code=phone.code(clock.now()))
    later = phone.code(clock.now() + timedelta(seconds=30))
    assert answer(stranger, problem, code=later).json()["code"] == "challenge-over"


def test_tries_are_limited_over_all_challenges_of_a_person(
    stranger: APIClient, cast: Cast, phone: AppInHand
) -> None:
    said = []
    for _ in range(3):
        FactorChallenge.objects.all().delete()
        problem = challenge_without_mail(cast)
        said += [answer(stranger, problem, code="000000").status_code for _ in range(5)]
    assert said == [400] * 10 + [429] * 5


def challenge_without_mail(cast: Cast) -> dict[str, Any]:
    """Links are limited more strictly than codes, so this one is not asked for."""
    return challenges.ask(user=cast.alice, at=clock.now()).as_members()


def test_a_dump_of_the_challenges_opens_nothing(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    problem = first_step(stranger, cast.alice)
    row = FactorChallenge.objects.get()
    assert problem["challenge"] not in str(vars(row))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"challenge": "x"},
        {"challenge": "x", "code": "1", "passkey": {"id": "x"}},
        {"challenge": "x", "code": ""},
        {"challenge": "x" * 65, "code": "123456"},
        {"challenge": "x", "passkey": "text"},
        {"challenge": "x", "code": "123456", "colour": "red"},
    ],
)
def test_a_malformed_answer_is_named(stranger: APIClient, body: dict[str, Any]) -> None:
    refused = stranger.post(SECOND, body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid-input")


def test_an_unknown_challenge_is_over(stranger: APIClient) -> None:
    assert stranger.post(SECOND, {"challenge": "x", "code": "123456"}).json()["code"] == "challenge-over"


def test_a_closed_account_stays_closed(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    problem = first_step(stranger, cast.alice)
    cast.alice.is_active = False
    cast.alice.save()
    refused = answer(stranger, problem, code=phone.code(clock.now()))
    assert (refused.status_code, refused.json()["code"]) == (401, "bad-credentials")


def test_a_pending_app_demands_nothing(stranger: APIClient, cast: Cast, phone: AppInHand) -> None:
    AuthenticatorApp.objects.update(confirmed_at=None)
    assert stranger.post(VERIFY, {"token": ask(cast.alice.email).token}).status_code == 200
