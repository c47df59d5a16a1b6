"""What the hourly purge does, by hand: delete everything that was kept long enough."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cutroom import clock
from gdpr import retention
from gdpr.erasure import holds


class Command(BaseCommand):
    """Exit 0: done, or shown. Each stream and its days stand in the register (`manage.py ropa`)."""

    help = "Delete rows that were kept long enough, by the retention table made from the data map."

    def add_arguments(self, parser: CommandParser) -> None:
        """Look first, and --json for programs."""
        parser.add_argument("--dry-run", action="store_true", help="count what would go; delete nothing")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, or count."""
        at = clock.now()
        if options["dry_run"]:
            found: dict[str, int] = {retention.HELD: holds.over(at=at).count()}
            for rule in retention.table():
                found[rule.stream] = found.get(rule.stream, 0) + rule.stale(at).count()
        else:
            found = retention.purge(at=at)
        if options["json"]:
            self.stdout.write(json.dumps({"is_dry_run": options["dry_run"], "rows": found}))
            return
        verb = "would go" if options["dry_run"] else "gone"
        for stream, count in sorted(found.items()):
            self.stdout.write(f"{stream}: {count} {verb}")
