"""`manage.py replay_erasures`: erase again whoever the ledger names, after a recovery by other means."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from gdpr.backups import making, settling
from gdpr.backups.commands import EXIT_CODES, BackupCommand
from gdpr.erasure import ledger


class Command(BackupCommand):
    """`restore` does this by itself; pgBackRest and a copied disk do not."""

    help = f"Erase again everybody in the erasure ledger. Safe to repeat. {EXIT_CODES}"

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to look only."""
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only count the entries")

    def run(self, **options: Any) -> None:
        """Replay, or count."""
        store = making.the_store()
        count = len(list(ledger.entries(store)))
        removed = 0 if options["dry_run"] else settling.replay_erasures(store=store)["erased_again"]
        report = {"entries": count, "removed": removed, "dry_run": options["dry_run"]}
        self.say(
            report,
            f"{count} erasures in the ledger, {removed} rows and files removed.",
            is_json=options["json"],
        )
