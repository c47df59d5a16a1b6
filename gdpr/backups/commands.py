"""What the backup commands share: exit codes, output for people and for programs, the newest backup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import progress
from gdpr.backups import manifests
from gdpr.backups.errors import BackupError
from gdpr.backups.stores import Store

EXIT_CODES = (
    "Exit code 0: all is well; 1: failed; 2: stale; 3: finished but incomplete; 11: another one runs."
)


class BackupCommand(BaseCommand):
    """A command whose refusals become exit codes, with --json for programs."""

    def add_arguments(self, parser: CommandParser) -> None:
        """--json, which each of them has."""
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and leave with the exit code of what happened."""
        is_watched = not options["json"]
        with progress.shown(is_wanted=is_watched), exit_codes(self, is_json=options["json"]):
            self.run(**options)

    def run(self, **options: Any) -> None:
        """What the command does."""
        raise NotImplementedError

    def say(self, report: dict[str, Any], *sentences: str, is_json: bool) -> None:
        """Print the report as JSON, or the sentences."""
        self.stdout.write(json.dumps(report, default=str) if is_json else "\n".join(sentences))


@contextmanager
def exit_codes(command: BackupCommand, *, is_json: bool) -> Iterator[None]:
    """Turn a BackupError into a CommandError with its exit code; with JSON it is printed as such."""
    try:
        yield
    except BackupError as error:
        if is_json:
            command.stdout.write(json.dumps({"error": type(error).__name__, "detail": str(error)}))
        raise CommandError(str(error), returncode=error.exit_code) from error


def newest(store: Store) -> str:
    """The id of the newest finished backup. Raises BackupError when there is none."""
    ids = list(manifests.ids(store))
    if not ids:
        raise BackupError("There is no backup yet; make one with `manage.py backup`.")
    return ids[-1]


def amount(count: int) -> str:
    """Bytes as people read them."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
