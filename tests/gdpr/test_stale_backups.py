"""A backup that nobody verified for too long turns red wherever somebody looks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from cutroom import clock, metrics
from gdpr.backups import making
from gdpr.backups.status import CHECK_MAX_AGE
from tests.cast import Cast, bearer, browser_of, console_of
from tests.gdpr.conftest import Vault

pytestmark = pytest.mark.committed

REASON = "The last verified backup is 8 days old."


def exit_code() -> int:
    """How `manage.py backup_status` ends."""
    try:
        call_command("backup_status", "--json")
    except CommandError as red:
        return red.returncode
    return 0


def colours(cast: Cast, olga: Client) -> dict[str, object]:
    """What each place says of the backups."""
    account = browser_of(cast.alice, cast.acme).get("/account").content.decode()
    home = olga.get("/admin/")
    api = bearer(cast.alice, cast.acme).get("/api/account/backup-status").json()
    return {
        "command": exit_code(),
        "account page": REASON in account and "Overdue" in account,
        "console": [concern.why for concern in home.context["concerns"]],
        "API": api["state"],
        "metric": b"cutroom_backup_red 1.0" in metrics.page(),
    }


def test_it_is_red_everywhere_when_the_last_verified_backup_is_too_old(
    vault: Vault, acme_at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = console_of(acme_at_work.olga)
    with monkeypatch.context() as then:
        past = clock.now() - CHECK_MAX_AGE - timedelta(minutes=1)
        then.setattr(clock, "now", lambda: past)
        making.make()
        call_command("verify_backup")
    making.make()
    assert colours(acme_at_work, olga) == {
        "command": 2,
        "account page": True,
        "console": [REASON, REASON.replace("is 8 days old", "was checked 8 days ago")],
        "API": "red",
        "metric": True,
    }
    call_command("verify_backup")
    green = {"command": 0, "account page": False, "console": [], "API": "green", "metric": False}
    assert colours(acme_at_work, olga) == green
