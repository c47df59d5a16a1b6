"""Codes of authenticator apps: RFC 6238's own vectors, the window, replay, and secrets sealed at rest."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_django import Settings

from accounts.errors import FactorExists, SecondFactorRefused
from accounts.second_factor import totp
from accounts.second_factor.models import AuthenticatorApp
from cutroom import clock, sealing
from tests.cast import AppInHand, Cast, give_app

pytestmark = pytest.mark.django_db

# RFC 6238 appendix B, SHA-1, the last six of eight digits.
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_rfc_hold(cast: Cast, settings: Settings, seconds: int, code: str) -> None:
    secret = b32encode(b"12345678901234567890").decode()
    sealed = sealing.seal(secret, key=settings.SECRET_KEY)
    at = datetime.fromtimestamp(seconds, UTC)
    AuthenticatorApp.objects.create(user=cast.bob, secret_sealed=sealed, created_at=at, confirmed_at=at)
    assert totp.use(user_id=cast.bob.pk, code=code, at=at)


@pytest.mark.parametrize(
    ("seconds", "is_good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_code_counts_one_step_early_and_one_late(cast: Cast, seconds: int, is_good: bool) -> None:
    phone, at = give_app(cast.bob), clock.now()
    assert totp.use(user_id=cast.bob.pk, code=phone.code(at + timedelta(seconds=seconds)), at=at) is is_good


def test_no_code_counts_twice_nor_an_older_one_after_it(cast: Cast) -> None:
    phone, at = give_app(cast.bob), clock.now()
    older = phone.code(at - timedelta(seconds=30))
    assert totp.use(user_id=cast.bob.pk, code=phone.code(at), at=at)
    assert not totp.use(user_id=cast.bob.pk, code=phone.code(at), at=at)
    assert not totp.use(user_id=cast.bob.pk, code=older, at=at)


def test_the_code_that_connected_the_app_is_spent(cast: Cast) -> None:
    at = clock.now()
    phone = AppInHand(totp.begin(user_id=cast.bob.pk, email=cast.bob.email, at=at).secret)
    totp.confirm(user_id=cast.bob.pk, code=phone.code(at), at=at)
    assert not totp.use(user_id=cast.bob.pk, code=phone.code(at), at=at)


def test_a_code_of_somebody_else_is_none(cast: Cast) -> None:
    give_app(cast.alice)
    phone, at = give_app(cast.bob), clock.now()
    assert not totp.use(user_id=cast.alice.pk, code=phone.code(at), at=at)


def test_the_address_for_the_app_says_who_and_where(cast: Cast) -> None:
    enrolment = totp.begin(user_id=cast.bob.pk, email=cast.bob.email, at=clock.now())
    address = urlsplit(enrolment.uri)
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [enrolment.secret], "issuer": ["Cutroom"]}
    assert len(enrolment.secret) == 32, "160 bits (RFC 4226 section 4)"
    assert enrolment.spaced_secret.replace(" ", "") == enrolment.secret


def test_the_picture_is_plain_geometry(cast: Cast) -> None:
    picture = totp.begin(user_id=cast.bob.pk, email=cast.bob.email, at=clock.now()).qr_svg()
    assert picture.startswith("<svg")
    assert "style" not in picture
    assert "script" not in picture


def test_the_secret_stays_the_same_while_its_page_is_open(cast: Cast) -> None:
    at = clock.now()
    first, again, next_day = (
        totp.begin(user_id=cast.bob.pk, email=cast.bob.email, at=at + wait).secret
        for wait in (timedelta(), timedelta(minutes=50), timedelta(hours=2))
    )
    assert first == again
    assert next_day != first


def test_only_a_good_code_connects_the_app(cast: Cast) -> None:
    at = clock.now()
    totp.begin(user_id=cast.bob.pk, email=cast.bob.email, at=at)
    with pytest.raises(SecondFactorRefused):
        totp.confirm(user_id=cast.bob.pk, code="000000", at=at)
    assert totp.app_of(cast.bob.pk) is None


def test_there_is_one_app_a_person(cast: Cast) -> None:
    give_app(cast.bob)
    with pytest.raises(FactorExists):
        totp.begin(user_id=cast.bob.pk, email=cast.bob.email, at=clock.now())


def test_a_dump_of_the_table_holds_no_secret(cast: Cast) -> None:
    phone = give_app(cast.bob)
    assert phone.secret.encode() not in bytes(AuthenticatorApp.objects.get().secret_sealed)


def test_a_new_key_reaches_each_app_when_it_is_used(cast: Cast, settings: Settings) -> None:
    settings.ACCOUNTS_SECOND_FACTOR_KEYS = ["the-old-key", ""]
    phone, at = give_app(cast.bob), clock.now()
    settings.ACCOUNTS_SECOND_FACTOR_KEYS = ["the-new-key", "the-old-key"]
    assert totp.use(user_id=cast.bob.pk, code=phone.code(at), at=at)
    settings.ACCOUNTS_SECOND_FACTOR_KEYS = ["the-new-key", ""]
    later = at + timedelta(seconds=30)
    assert totp.use(user_id=cast.bob.pk, code=phone.code(later), at=later)


def test_a_lost_key_refuses_codes_and_breaks_nothing_else(cast: Cast, settings: Settings) -> None:
    phone, at = give_app(cast.bob), clock.now()
    settings.ACCOUNTS_SECOND_FACTOR_KEYS = ["another-key", ""]
    assert not totp.use(user_id=cast.bob.pk, code=phone.code(at), at=at)
