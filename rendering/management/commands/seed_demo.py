"""`seed_demo`: a person to sign in as, with a workspace and the starter project. Safe to repeat."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts import workspaces
from accounts.models import User
from cutroom import clock

DEMO_EMAIL = "demo@example.com"


class Command(BaseCommand):
    """Makes the demo person unless there is one."""

    help = "Create demo@example.com with a workspace and the starter project. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options common to our commands."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--dry-run", action="store_true", help="say what would be made, make nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed in one transaction."""
        with transaction.atomic():
            user, is_new = User.objects.get_or_create(email=DEMO_EMAIL)
            tenant_id = workspaces.choose(user, at=clock.now())
            if options["dry_run"]:
                transaction.set_rollback(True)
        result = {"email": DEMO_EMAIL, "tenant_id": str(tenant_id), "is_new": is_new}
        self.stdout.write(json.dumps(result) if options["json"] else f"demo person: {DEMO_EMAIL}")
