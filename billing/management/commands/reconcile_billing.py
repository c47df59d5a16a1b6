"""`manage.py reconcile_billing`: does our projection of every subscription say what Stripe says?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import reconciliation
from cutroom import clock
from cutroom.errors import DomainError


class Command(BaseCommand):
    """Exit code 0 when all agreed or was corrected, 1 when Stripe did not answer or a dry run found drift."""

    help = (
        "Compare each subscription with Stripe, correct what differs and list events that never came, as "
        "happens every night. Exit "
        "code 0: all agreed or was corrected; 1: Stripe did not answer, or --dry-run found differences."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--dry-run, and --json for programs."""
        parser.add_argument("--dry-run", action="store_true", help="only say who differs")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and print what differed."""
        try:
            outcome = reconciliation.run(at=clock.now(), is_dry_run=options["dry_run"])
        except DomainError as refusal:
            raise CommandError(refusal.detail, returncode=1) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(asdict(outcome)))
        else:
            verb = "differ" if options["dry_run"] else "differed and were corrected"
            self.stdout.write(f"{outcome.checked} customers compared, {len(outcome.drifted)} {verb}.")
            for customer_id in outcome.drifted:
                self.stdout.write(f"  {customer_id}")
            self.stdout.write(f"{len(outcome.missing)} events of Stripe never came here.")
            for event_id in outcome.missing:
                self.stdout.write(f"  {event_id}")
        if outcome.unanswered or (options["dry_run"] and outcome.drifted):
            raise CommandError(f"{len(outcome.unanswered)} customers could not be read.", returncode=1)
