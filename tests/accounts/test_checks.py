"""What the start-up checks refuse, and what is purged when."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts import checks


def found(check: Any) -> list[str]:
    return [problem.id for problem in check(None)]


def test_the_test_settings_themselves_are_strong() -> None:
    assert found(checks.secrets_are_strong) == []


def test_j11_a_short_key_is_refused(settings: Settings) -> None:
    settings.JWT_SECRET = "x" * 31
    assert found(checks.secrets_are_strong) == ["accounts.E001"]


def test_j11_so_is_one_key_for_two_purposes(settings: Settings) -> None:
    settings.JWT_SECRET = settings.SECRET_KEY
    assert found(checks.secrets_are_strong) == ["accounts.E002"]


@pytest.mark.parametrize(
    ("shows", "is_secure", "problems"),
    [(False, True, []), (True, True, ["accounts.E003"]), (False, False, ["accounts.E004"])],
)
def test_m10_r9_deployment_refuses_what_helps_a_developer(
    settings: Settings, shows: bool, is_secure: bool, problems: list[str]
) -> None:
    settings.ACCOUNTS_SHOW_MAGIC_LINK, settings.SECURE_COOKIES = shows, is_secure
    assert found(checks.development_switches_are_off) == problems


@pytest.mark.django_db
def test_j17_what_is_purged_is_found_by_an_index() -> None:
    tables = ("accounts_refreshtoken", "accounts_session", "accounts_loginrequest", "accounts_ratebucket")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%%(expires_at)'")
        indexed = {name for (name,) in cursor.fetchall()}
    assert set(tables) <= indexed
