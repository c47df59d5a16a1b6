"""`manage.py seed_demo`: somebody to sign in as, with a project to render; and a site to look after."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.module_loading import autodiscover_modules

from accounts import workspaces
from accounts.models import User
from cutroom.clock import now
from tenants import neighbours

OPERATOR = "operator@example.com"


class Command(BaseCommand):
    """Makes the demo user, a tenant and its starter project; what exists is left as it is."""

    help = "Create a demo user with a workspace and its starter project. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom to create, who else, --dry-run, and --json for programs."""
        parser.add_argument("--email", default="demo@example.com", help="address of the demo user")
        parser.add_argument(
            "--neighbours",
            action="store_true",
            help=f"also make other tenants, and {OPERATOR}, who runs them; in development only",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say whether something would be created"
        )
        parser.add_argument("--json", action="store_true", help="one JSON document instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing and say what happened."""
        email, is_dry_run = options["email"], options["dry_run"]
        if options["neighbours"] and not settings.DEBUG:
            raise CommandError("--neighbours is for development: it makes an operator whom anybody may be.")
        is_new = not User.objects.filter(email=email).exists()
        has_none = options["neighbours"] and not User.objects.filter(email=OPERATOR).exists()
        if is_new and not is_dry_run:
            _create(email)
        if has_none and not is_dry_run:
            _populate()
        if options["json"]:
            made = len(neighbours.NEIGHBOURS) if has_none else 0
            report = {"email": email, "created": is_new, "neighbours": made, "dry_run": is_dry_run}
            self.stdout.write(json.dumps(report))
        else:
            verb = "would be created" if is_dry_run else "was created"
            self.stdout.write(f"{email} {verb if is_new else 'exists already'}.")


def _create(email: str) -> None:
    with transaction.atomic():
        user, _ = User.objects.get_or_create(email=email)
        workspaces.choose(user, at=now())


def _populate() -> None:
    """The operator comes last: while there is none, the next run makes the neighbours that are missing."""
    autodiscover_modules("neighbours")
    known = set(User.objects.values_list("email", flat=True))
    for neighbour in neighbours.NEIGHBOURS:
        if neighbour.email not in known:
            neighbours.move_in(neighbour, at=now())
    User.objects.create_superuser(OPERATOR)
