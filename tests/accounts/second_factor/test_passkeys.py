"""Passkeys, answered by a security key in software: what holds, and each way not to hold."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts import conf
from accounts.errors import FactorExists, SecondFactorRefused
from accounts.second_factor import passkeys
from accounts.second_factor.models import Passkey
from cutroom import clock
from tests.accounts.second_factor.authenticator import SecurityKey, challenge_of
from tests.accounts.second_factor.conftest import give_passkey
from tests.cast import Cast

pytestmark = pytest.mark.django_db

CHALLENGE = b"c" * 32
OTHER = b"d" * 32


def options(cast: Cast) -> dict[str, Any]:
    found = passkeys.request_options(user=cast.bob, challenge=CHALLENGE)
    assert found
    return found


def is_good(cast: Cast, answer: dict[str, Any], *, challenge: bytes = CHALLENGE) -> bool:
    return passkeys.use(user=cast.bob, challenge=challenge, answer=answer, at=clock.now()) is not None


def test_a_registered_key_answers(cast: Cast, key: SecurityKey) -> None:
    assert is_good(cast, key.get(options(cast)))
    row = Passkey.objects.get()
    assert (row.sign_count, row.transports, row.name) == (1, ["usb"], "Key ring")
    assert row.last_used_at is not None


def test_keys_that_count_nothing_answer_each_time(cast: Cast) -> None:
    key = give_passkey(cast.bob, cast.acme, counter=None)
    assert [is_good(cast, key.get(options(cast))) for _ in range(2)] == [True, True]


def test_a_copied_key_is_found_by_its_counter(cast: Cast, key: SecurityKey) -> None:
    copy = SecurityKey(credential_id=key.credential_id, private_key=key.private_key)
    assert is_good(cast, key.get(options(cast)))
    assert not is_good(cast, copy.get(options(cast)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.test"},
        {"origin": "http://localhost:8000"},
        {"origin": "http://sub.localhost"},
        {"rp_id": "evil.test"},
        {"type": "webauthn.create"},
        {"challenge": "AAAA"},
        {"flags": 0},
    ],
)
def test_an_answer_for_elsewhere_is_refused(cast: Cast, key: SecurityKey, wrong: dict[str, Any]) -> None:
    assert not is_good(cast, key.get(options(cast), **wrong))


def test_an_answer_to_another_challenge_is_refused(cast: Cast, key: SecurityKey) -> None:
    assert not is_good(cast, key.get(options(cast)), challenge=OTHER)


def test_another_key_that_claims_the_same_name_is_refused(cast: Cast, key: SecurityKey) -> None:
    thief = SecurityKey(credential_id=key.credential_id)
    assert not is_good(cast, thief.get(options(cast)))


def test_somebody_elses_key_is_refused(cast: Cast, key: SecurityKey) -> None:
    alices = give_passkey(cast.alice, cast.acme)
    assert not is_good(cast, alices.get(options(cast)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["clientDataJSON", "authenticatorData", "signature"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(name=st.sampled_from(["id", "rawId", "type", "response", "extra"]), value=json_values)
def test_no_answer_breaks_the_parsers(cast: Cast, key: SecurityKey, name: str, value: Any) -> None:
    answer = {**SecurityKey().get({"challenge": "AAAA"}), name: value}
    assert not is_good(cast, answer)
    with pytest.raises(SecondFactorRefused):
        passkeys.add(user=cast.bob, name="x", challenge=CHALLENGE, answer=answer, at=clock.now())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(name=fields, value=st.text(max_size=40) | st.integers() | st.none())
def test_no_field_of_an_answer_breaks_them_either(
    cast: Cast, key: SecurityKey, name: str, value: Any
) -> None:
    answer = key.get(options(cast))
    answer["response"][name] = value
    assert not is_good(cast, answer)


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_a_number_where_bytes_belong_takes_no_memory(cast: Cast, key: SecurityKey, name: str) -> None:
    answer = key.get(options(cast))
    answer["response"][name] = 50_000_000
    tracemalloc.start()
    try:
        assert not is_good(cast, answer)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "null", '"x"', "{" * 9000, "x" * 100_000])
def test_what_is_no_json_object_is_an_empty_answer(text: str) -> None:
    assert passkeys.read_answer(text) == {}


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "http://evil.test"}, {"rp_id": "evil.test"}, {"type": "webauthn.get"}, {"challenge": "AA"}],
)
def test_a_key_made_for_elsewhere_is_not_registered(cast: Cast, wrong: dict[str, Any]) -> None:
    asked = passkeys.creation_options(user=cast.bob, challenge=CHALLENGE)
    answer = SecurityKey().create(asked, **wrong)
    with pytest.raises(SecondFactorRefused):
        passkeys.add(user=cast.bob, name="x", challenge=CHALLENGE, answer=answer, at=clock.now())


def test_a_key_is_registered_once_for_one_person(cast: Cast, key: SecurityKey) -> None:
    asked = passkeys.creation_options(user=cast.alice, challenge=CHALLENGE)
    with pytest.raises(SecondFactorRefused):
        passkeys.add(user=cast.alice, name="x", challenge=CHALLENGE, answer=key.create(asked), at=clock.now())
    assert Passkey.objects.get().user == cast.bob


def test_the_browser_is_told_which_keys_are_there_already(cast: Cast, key: SecurityKey) -> None:
    asked = passkeys.creation_options(user=cast.bob, challenge=CHALLENGE)
    assert len(asked["excludeCredentials"]) == 1
    assert challenge_of(asked) == CHALLENGE
    assert asked["rp"]["id"] == "localhost"


def test_nobody_has_more_than_twenty(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "MOST_PASSKEYS", 1)
    give_passkey(cast.bob, cast.acme)
    with pytest.raises(FactorExists):
        give_passkey(cast.bob, cast.acme)


@pytest.mark.parametrize(
    ("site", "is_possible"),
    [
        ("https://cutroom.example", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("https://192.0.2.1", False),
        ("https://[2001:db8::1]", False),
        ("http://cutroom.example", False),
    ],
)
def test_browsers_want_a_host_name_and_https(settings: Settings, site: str, is_possible: bool) -> None:
    settings.SITE_URL = site
    assert passkeys.are_possible() is is_possible


def test_on_a_site_without_passkeys_none_is_asked_for(
    cast: Cast, key: SecurityKey, settings: Settings
) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert passkeys.request_options(user=cast.bob, challenge=CHALLENGE) is None
