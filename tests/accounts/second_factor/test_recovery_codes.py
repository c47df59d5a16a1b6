"""Recovery codes: ten, unlike each other, kept as scrypt, each good once."""

from __future__ import annotations

import re

import pytest
from django.core import serializers

from accounts.second_factor import recovery_codes
from accounts.second_factor.models import RecoveryCode
from cutroom import clock
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def codes(cast: Cast) -> list[str]:
    return recovery_codes.renew(user_id=cast.bob.pk, at=clock.now())


def test_there_are_ten_that_can_be_read_from_paper(codes: list[str]) -> None:
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[2-9a-km-np-z]{5}-[2-9a-km-np-z]{5}", code) for code in codes)


def test_a_dump_of_the_table_holds_no_code(codes: list[str]) -> None:
    dump = serializers.serialize("json", RecoveryCode.objects.all())
    assert not [code for code in codes if code in dump or code.replace("-", "") in dump]
    assert len({row.salt for row in RecoveryCode.objects.all()}) == 1
    assert all(len(row.digest) == 64 for row in RecoveryCode.objects.all())


def test_each_is_good_once(cast: Cast, codes: list[str]) -> None:
    assert [recovery_codes.use(user_id=cast.bob.pk, code=codes[0], at=clock.now()) for _ in range(2)] == [
        True,
        False,
    ]
    assert recovery_codes.left(cast.bob.pk) == 9


def test_they_are_good_for_their_person_only(cast: Cast, codes: list[str]) -> None:
    recovery_codes.renew(user_id=cast.alice.pk, at=clock.now())
    assert not recovery_codes.use(user_id=cast.alice.pk, code=codes[0], at=clock.now())


def test_new_ones_end_the_old_ones(cast: Cast, codes: list[str]) -> None:
    fresh = recovery_codes.renew(user_id=cast.bob.pk, at=clock.now())
    assert not recovery_codes.use(user_id=cast.bob.pk, code=codes[0], at=clock.now())
    assert recovery_codes.use(user_id=cast.bob.pk, code=fresh[0], at=clock.now())


@pytest.mark.parametrize("typed", ["", "-", "00000-00000", "😀" * 10, "x" * 100_000])
def test_anything_else_is_refused(cast: Cast, codes: list[str], typed: str) -> None:
    assert not recovery_codes.use(user_id=cast.bob.pk, code=typed, at=clock.now())


def test_somebody_without_codes_has_none_to_use(cast: Cast) -> None:
    assert not recovery_codes.use(user_id=cast.charlie.pk, code="abcde-fghij", at=clock.now())
