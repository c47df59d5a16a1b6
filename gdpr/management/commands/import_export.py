"""`manage.py import_export`: load the export of a workspace into this installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gdpr.export import importing, reading
from gdpr.export.errors import NotImportable


class Command(BaseCommand):
    """Exit 0: loaded, or with --dry-run fit to be. Exit 1: refused, and nothing was changed."""

    help = (
        "Load the export of a workspace, made by this or another Cutroom. The archive is proved first; a "
        "workspace or person that is here already is never touched. Sign-in, keys, plan, audit log and the "
        "other members stay behind: who exported signs in by mail and invites them again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which archive, and whether to look only."""
        parser.add_argument("archive", type=Path, help="the ZIP that was downloaded")
        parser.add_argument("--dry-run", action="store_true", help="prove the archive; load nothing")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, then load."""
        do = importing.check if options["dry_run"] else importing.load
        try:
            with reading.opened(options["archive"]) as source:
                loaded = do(source)
        except NotImportable as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"error": "NotImportable", "detail": str(refusal)}))
            raise CommandError(f"{refusal} Nothing was changed.") from refusal
        if options["json"]:
            report = {**vars(loaded), "is_dry_run": options["dry_run"]}
            self.stdout.write(json.dumps(report, default=str))
            return
        verb = "can be loaded" if options["dry_run"] else "is loaded"
        self.stdout.write(f"The workspace {loaded.slug} {verb}, with {loaded.files} files.")
        for table, count in ((table, count) for table, count in loaded.rows.items() if count):
            self.stdout.write(f"  {table}: {count} rows")
        for sentence in sorted(set(loaded.left_out)):
            self.stdout.write(f"  left out: {sentence}")
        if not options["dry_run"]:
            self.stdout.write(f"{loaded.email} signs in by mail.")
