"""The commands as an operator meets them: words, JSON and exit codes."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from cutroom import clock
from gdpr.backups import locks, making, status
from gdpr.models import BackupRun
from tests.cast import Cast
from tests.gdpr.conftest import Vault, everything

pytestmark = pytest.mark.committed


def run(*words: Any, **options: Any) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*map(str, words), stdout=out, **options)
    return out.getvalue()


def answer(*words: Any) -> Any:
    return json.loads(run(*words, "--json"))


def exit_code(*words: Any) -> int:
    with pytest.raises(CommandError) as refusal:
        run(*words)
    return refusal.value.returncode


def test_backup_says_what_it_made(vault: Vault, acme_at_work: Cast) -> None:
    made = answer("backup", "--label", "before the move")
    assert made["state"] == "succeeded"
    assert BackupRun.objects.get(pk=made["id"]).label == "before the move"
    assert "3 files" in run("backup")


def test_a_dry_run_stores_nothing(vault: Vault, acme_at_work: Cast) -> None:
    planned = answer("backup", "--dry-run")
    assert planned["new_media_bytes"] == 170_000
    assert planned["fits"] is True
    assert everything(vault.store) == {}
    assert not BackupRun.objects.exists()


def test_two_at_once_is_exit_code_eleven(vault: Vault, acme_at_work: Cast) -> None:
    with locks.only_one():
        assert exit_code("backup") == 11


def test_an_incomplete_backup_is_exit_code_three(vault: Vault, acme_at_work: Cast, media: Path) -> None:
    (media / "tenants" / str(acme_at_work.acme.pk) / "assets" / "lost.jpg").symlink_to("/nowhere")
    assert exit_code("backup") == 3


def test_without_a_key_it_is_exit_code_one(
    vault: Vault, acme_at_work: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.GDPR_BACKUP_RECIPIENTS, settings.CUTROOM_VAR = [], tmp_path
    assert exit_code("backup") == 1


def test_verify_names_the_level_it_proved(vault: Vault, made: BackupRun) -> None:
    assert answer("verify_backup")["level"] == "stored"
    opened = answer("verify_backup", made.pk, "--identity", vault.identity_file)
    assert (opened["level"], opened["id"]) == ("opened", made.pk)
    assert "is good" in run("verify_backup", "--sample", "50%")


def test_verify_of_a_damaged_backup_is_exit_code_one(vault: Vault, made: BackupRun) -> None:
    dump = vault.path(f"backups/{made.pk}/database.dump.zst.age")
    dump.write_bytes(dump.read_bytes()[:-1])
    assert exit_code("verify_backup") == 1
    assert exit_code("verify_backup", "../../etc") == 1
    made.refresh_from_db()
    assert made.verified_at is None


def test_status_is_red_without_a_backup(vault: Vault, acme_at_work: Cast) -> None:
    assert exit_code("backup_status") == 2


def test_status_is_red_until_a_backup_was_verified(vault: Vault, made: BackupRun) -> None:
    assert exit_code("backup_status") == 2
    run("verify_backup")
    now = answer("backup_status")
    assert (now["state"], now["reasons"], now["last_backup_id"]) == ("green", [], made.pk)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"started_at": timedelta(hours=27)}, "The last good backup is 27 hours old."),
        ({"verified_at": timedelta(days=9)}, "The last verified backup was checked 9 days ago."),
    ],
)
def test_status_turns_red_when_something_is_too_old(
    vault: Vault, made: BackupRun, changes: dict[str, timedelta], reason: str
) -> None:
    run("verify_backup")
    at = clock.now()
    assert status.status(at).state == "green"
    BackupRun.objects.filter(pk=made.pk).update(**{name: at - age for name, age in changes.items()})
    assert status.status(at).reasons == [reason]


def test_an_old_backup_that_is_checked_again_is_still_old(vault: Vault, made: BackupRun) -> None:
    run("verify_backup")
    at = clock.now()
    BackupRun.objects.filter(pk=made.pk).update(started_at=at - timedelta(days=9))
    making.make()
    assert status.status(at).reasons == ["The last verified backup is 9 days old."]


def test_status_believes_the_store_not_the_rows(vault: Vault, made: BackupRun) -> None:
    run("verify_backup")
    sizes = ("database_bytes", "media_files", "media_bytes")
    before = BackupRun.objects.values_list(*sizes).get()
    BackupRun.objects.all().delete()
    assert answer("backup_status")["last_backup_id"] == made.pk
    assert BackupRun.objects.values_list(*sizes).get() == before
    for name in everything(vault.store):
        vault.store.delete(name)
    assert exit_code("backup_status") == 2


def test_the_next_backup_is_due_at_the_chosen_hour(vault: Vault, made: BackupRun, settings: Settings) -> None:
    settings.GDPR_BACKUP_HOUR = 2
    at = made.started_at.replace(hour=1, minute=30)
    BackupRun.objects.update(started_at=at)
    assert not status.is_due(at + timedelta(minutes=29))
    assert not status.is_due(at + timedelta(minutes=31)), "an hour after a try there is no other"
    assert status.is_due(at + timedelta(hours=2))
    BackupRun.objects.update(started_at=at + timedelta(hours=1))
    assert not status.is_due(at + timedelta(hours=23))
    assert status.is_due(at + timedelta(hours=25))


def test_create_makes_a_pair_and_never_overwrites(
    vault: Vault, acme_at_work: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.GDPR_BACKUP_RECIPIENTS, settings.CUTROOM_VAR = [], tmp_path / "var"
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    recipient = answer("backup_keys", "create", "--identity-out", first)["recipient"]
    assert recipient in first.read_text()
    assert first.stat().st_mode & 0o777 == 0o600
    assert exit_code("backup_keys", "create", "--identity-out", second) == 1
    assert exit_code("backup_keys", "rotate", "--identity-out", first) == 1
    making.make()
    assert answer("backup_keys", "test", "--identity", first)["opens"] == {recipient: True}
    assert answer("backup_keys", "show")["recipients"] == [recipient]
    run("backup_keys", "rotate", "--identity-out", second)
    making.make()
    assert exit_code("backup_keys", "test", "--identity", first) == 1
    assert sorted(answer("backup_keys", "test", "--identity", second)["opens"].values()) == [False, True]


def test_a_lost_key_is_found_before_it_is_needed(vault: Vault, made: BackupRun, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    assert exit_code("backup_keys", "test", "--identity", other) == 1
    assert exit_code("backup_keys", "test", "--identity", tmp_path / "nowhere") == 1


@pytest.mark.parametrize("command", ["backup", "verify_backup", "restore", "backup_status", "backup_keys"])
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command(command, "--help")
    assert "Exit code 0" in " ".join(capsys.readouterr().out.split())
