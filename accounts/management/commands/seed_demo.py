"""`manage.py seed_demo`: somebody to sign in as, with a project to render."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts import workspaces
from accounts.models import User
from cutroom.clock import now


class Command(BaseCommand):
    """Makes the demo user, a tenant and its starter project; what exists is left as it is."""

    help = "Create a demo user with a workspace and its starter project. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom to create, --dry-run, and --json for programs."""
        parser.add_argument("--email", default="demo@example.com", help="address of the demo user")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say whether something would be created"
        )
        parser.add_argument("--json", action="store_true", help="one JSON document instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing and say what happened."""
        email = options["email"]
        is_new = not User.objects.filter(email=email).exists()
        if is_new and not options["dry_run"]:
            _create(email)
        if options["json"]:
            self.stdout.write(json.dumps({"email": email, "created": is_new, "dry_run": options["dry_run"]}))
        else:
            verb = "would be created" if options["dry_run"] else "was created"
            self.stdout.write(f"{email} {verb if is_new else 'exists already'}.")


def _create(email: str) -> None:
    with transaction.atomic():
        user, _ = User.objects.get_or_create(email=email)
        workspaces.choose(user, at=now())
