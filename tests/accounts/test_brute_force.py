"""Guessing codes: no trick takes a counted try back."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import LoginRequest
from tests.accounts.conftest import NEWCOMER, ask

pytestmark = pytest.mark.django_db

VERIFY = "/api/auth/magic-link/verify"


@pytest.fixture
def guess() -> dict[str, str]:
    """A code that is wrong for the newcomer's request."""
    return {"email": NEWCOMER, "code": f"{(int(ask(NEWCOMER).code) + 1) % 1_000_000:06d}"}


def tries() -> int:
    return LoginRequest.objects.get().code_tries


def test_m12_a_wrong_code_is_counted(stranger: APIClient, guess: dict[str, str]) -> None:
    answer = stranger.post(VERIFY, guess)
    assert (answer.status_code, answer.json()["code"], tries()) == (400, "link-invalid", 1)


def test_m12_also_when_the_guesser_is_signed_in(alice: APIClient, guess: dict[str, str]) -> None:
    """A refusal rolls the caller's transaction back; the count must survive that."""
    for number in range(1, 6):
        assert alice.post(VERIFY, guess).json()["code"] == "link-invalid"
        assert tries() == number
    assert alice.post(VERIFY, guess).json()["code"] == "link-used"


def test_m12_also_by_a_signed_in_browser(alice_browser: Client, guess: dict[str, str]) -> None:
    browser_session = alice_browser.session
    browser_session["asked_email"] = NEWCOMER
    browser_session.save()
    answer = alice_browser.post("/login/code", {"code": guess["code"]})
    assert (answer.status_code, tries()) == (400, 1)


def test_m12_also_with_a_token_that_is_not_valid(guess: dict[str, str]) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    client.post(VERIFY, guess)
    assert tries() == 1


def test_m12_also_with_an_idempotency_key(alice: APIClient, guess: dict[str, str]) -> None:
    for _ in range(2):
        alice.post(VERIFY, guess, HTTP_IDEMPOTENCY_KEY="again")
    assert tries() == 2
