"""`manage.py reconcile_usage`: does every counter equal the sum of its ledger? And make it so."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import progress
from metering.reconciliation import Balance, WrongLot, balances, repair, wrong_lots


class Command(BaseCommand):
    """Exit code 0 when every tenant, meter and period is exact, 1 when one is not. Changes nothing unless
    asked to."""

    help = (
        "Compare each usage counter with its ledger lines, its sums by day, project and member, its open "
        "reservations and its credits. Exit code 0: all exact, or made exact; 1: at least one difference, "
        "listed. With --repair the sums are made what the ledger says; the audit log keeps what they were."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--repair, and --json for programs."""
        parser.add_argument("--repair", action="store_true", help="make the counters what the ledger says")
        parser.add_argument("--dry-run", action="store_true", help="with --repair: list, and repair nothing")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what differs; repair it if asked to, and look again."""
        found = list(balances())
        wrong = [balance for balance in found if not balance.is_exact]
        lots = wrong_lots()
        repairs = options["repair"] and not options["dry_run"]
        if repairs:
            with progress.shown(is_wanted=not options["json"]):
                for balance in progress.each("Repairs", wrong, total=len(wrong)):
                    repair(balance)
        if options["json"]:
            self._as_json(found, wrong, lots, is_repaired=repairs)
        else:
            self._as_sentences(found, wrong, lots, is_repaired=repairs)
        still_wrong = [each for each in balances() if not each.is_exact] if repairs else wrong
        if still_wrong or lots:
            raise CommandError("Usage counters and ledger differ; see docs/runbooks.", returncode=1)

    def _as_json(
        self, found: list[Balance], wrong: list[Balance], lots: list[WrongLot], *, is_repaired: bool
    ) -> None:
        report = {"compared": len(found), "differences": [balance.as_json() for balance in wrong]}
        report |= {
            "wrong_lots": [lot.as_json() for lot in lots],
            "repaired": len(wrong) if is_repaired else 0,
        }
        self.stdout.write(json.dumps(report))

    def _as_sentences(
        self, found: list[Balance], wrong: list[Balance], lots: list[WrongLot], *, is_repaired: bool
    ) -> None:
        verb = "were repaired" if is_repaired else "differ"
        self.stdout.write(f"{len(found)} balances compared, {len(wrong)} {verb}.")
        for difference in [*wrong, *lots]:
            self.stdout.write(f"  {difference}")
