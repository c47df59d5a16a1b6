"""`manage.py reconcile_usage`: does every counter equal the sum of its ledger?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from metering.reconciliation import balances


class Command(BaseCommand):
    """Exit code 0 when every tenant, meter and period is exact, 1 when one is not. Changes nothing."""

    help = (
        "Compare each usage counter with the sum of its ledger lines, its daily sums and its open "
        "reservations. Exit code 0: all exact; 1: at least one difference, listed. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--json for programs."""
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what differs."""
        found = list(balances())
        wrong = [balance for balance in found if not balance.is_exact]
        if options["json"]:
            report = {"compared": len(found), "differences": [balance.as_json() for balance in wrong]}
            self.stdout.write(json.dumps(report))
        else:
            self.stdout.write(f"{len(found)} balances compared, {len(wrong)} differ.")
            for balance in wrong:
                self.stdout.write(f"  {balance}")
        if wrong:
            raise CommandError("Usage counters and ledger differ; see docs/runbooks.", returncode=1)
