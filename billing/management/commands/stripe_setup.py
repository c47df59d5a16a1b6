"""`manage.py stripe_setup`: makes in Stripe what the plans need. Safe to repeat."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import setup
from cutroom.errors import DomainError


class Command(BaseCommand):
    """Products, prices, the portal's rules and the webhook endpoint. Exit code 1 when Stripe refuses."""

    help = (
        "Make or update in Stripe: a product and a monthly price for each plan of BILLING_PRICES, "
        "the rules of the customer portal, and the webhook endpoint of SITE_URL. Safe to repeat. With "
        "STRIPE_WEBHOOK_SECRET set, the endpoint is one you made yourself; its address is printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """--dry-run, and --json for programs."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would be made or changed")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps and say what came of each."""
        try:
            steps = list(setup.run(is_dry_run=options["dry_run"]))
        except DomainError as refusal:
            raise CommandError(f"{refusal.detail} The log has Stripe's own words.", returncode=1) from refusal
        if options["json"]:
            report = {"dry_run": options["dry_run"], "steps": [asdict(step) for step in steps]}
            self.stdout.write(json.dumps(report))
            return
        for step in steps:
            self.stdout.write(f"{step.outcome:8} {step.thing:17} {step.name}")
