"""The commands an operator relies on: each explains itself, speaks JSON, and leaves with a telling code."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, get_commands, load_command_class

from cutroom import progress
from metering.meters import Meter
from metering.models import QuotaCounter
from tenants.context import tenant_context
from tests.cast import Cast
from tests.gdpr.conftest import Vault, acme_at_work, made, vault

pytestmark = pytest.mark.committed

# Fixtures of the backups' tests.
__all__ = ["acme_at_work", "made", "vault"]

REASON = ("--reason", "Made good after an outage")


@dataclass(frozen=True, kw_only=True)
class Deal:
    """What a command promises: words that make it work, a member of its JSON, a wrong use and its exit code,
    and whether it may be tried dry."""

    works: tuple[str, ...]
    member: str
    wrong: tuple[str, ...]
    code: int
    has_dry_run: bool = False


DEALS = {
    "backup": Deal(works=("--dry-run",), member="fits", wrong=("--nonsense",), code=2, has_dry_run=True),
    "verify_backup": Deal(works=(), member="level", wrong=("no-such-backup",), code=1),
    "restore": Deal(
        works=("--dry-run", "--identity", "{identity}"),
        member="dry_run",
        wrong=("no-such-backup",),
        code=1,
        has_dry_run=True,
    ),
    "backup_status": Deal(works=(), member="state", wrong=("--nonsense",), code=2),
    "reset_quotas": Deal(
        works=("--dry-run", *REASON),
        member="resets",
        wrong=("--tenant", "nobody", *REASON),
        code=1,
        has_dry_run=True,
    ),
    "reconcile_usage": Deal(works=(), member="differences", wrong=("--nonsense",), code=2, has_dry_run=True),
    "audit_verify": Deal(works=(), member="ok", wrong=("--tenant", "nobody"), code=2),
    "doctor": Deal(works=("--only", "clock"), member="findings", wrong=("--only", "nothing"), code=2),
    "seed_demo": Deal(
        works=("--dry-run",), member="created", wrong=("--nonsense",), code=2, has_dry_run=True
    ),
    "ropa": Deal(works=(), member="activities", wrong=("--format", "stone"), code=2),
}


def run(name: str, *words: str) -> str:
    out = StringIO()
    call_command(name, *words, stdout=out)
    return out.getvalue()


def spoken(name: str, *words: str) -> Any:
    """What it says in JSON, also when it leaves with bad news, such as a backup that nobody verified."""
    out = StringIO()
    with suppress(CommandError):
        call_command(name, *words, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def identity(vault: Vault, made: Any) -> str:
    """The private key of the vault, in which one backup lies."""
    return str(vault.identity_file)


@pytest.mark.parametrize("name", DEALS)
def test_it_explains_itself(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    words = command.create_parser("manage.py", name).format_help()
    assert command.help in " ".join(words.split()).replace("- ", "-") or command.help
    assert "--json" in words
    assert ("--dry-run" in words) is DEALS[name].has_dry_run


@pytest.mark.parametrize("name", DEALS)
def test_it_speaks_json(name: str, identity: str, committed_cast: Cast) -> None:
    deal = DEALS[name]
    words = [word.format(identity=identity) for word in deal.works]
    assert deal.member in spoken(name, *words)


@pytest.mark.parametrize("name", DEALS)
def test_a_wrong_use_has_its_exit_code(name: str, identity: str, committed_cast: Cast) -> None:
    deal = DEALS[name]
    with pytest.raises(CommandError) as refusal:
        run(name, *deal.wrong)
    # The command line itself leaves with 2 for what it does not know.
    code = refusal.value.returncode if not str(refusal.value).startswith("Error: ") else 2
    assert code == deal.code


def test_every_command_of_ours_speaks_json() -> None:
    ours = {config.name for config in apps.get_app_configs() if "." not in config.name}
    silent = [
        name
        for name, app in get_commands().items()
        if app in ours - {"djstripe", "anymail", "csp"}
        and name not in ("migrate", "settle_restored", "backup_keys")
        and "--json" not in load_command_class(app, name).create_parser("manage.py", name).format_help()
        and Path(load_command_class(app, name).__module__.replace(".", "/") + ".py").exists()
    ]
    assert silent == []


def test_a_dry_repair_changes_nothing(committed_cast: Cast) -> None:
    with tenant_context(committed_cast.acme.pk):
        QuotaCounter.objects.create(meter=Meter.IMAGES, period_start="2026-11-01", used=7)
    with pytest.raises(CommandError) as refusal:
        run("reconcile_usage", "--repair", "--dry-run")
    assert refusal.value.returncode == 1
    assert QuotaCounter.everywhere.using("ops").get().used == 7
    run("reconcile_usage", "--repair")
    assert QuotaCounter.everywhere.using("ops").get().used == 0


class Terminal(StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_moves_on_a_terminal_and_nowhere_else() -> None:
    for stream, is_drawn in ((Terminal(), True), (StringIO(), False)):
        with progress.shown(stream=stream):
            assert list(progress.each("Files", range(3), total=3)) == [0, 1, 2]
        assert ("3 of 3" in stream.getvalue()) is is_drawn
    silent = Terminal()
    with progress.shown(is_wanted=False, stream=silent):
        list(progress.each("Files", range(3)))
    assert silent.getvalue() == ""
