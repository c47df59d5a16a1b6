"""`manage.py backup`: database and media, encrypted, into the backup store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from gdpr.backups import making
from gdpr.backups.commands import EXIT_CODES, BackupCommand, amount
from gdpr.models import BackupState


class Command(BackupCommand):
    """Makes one backup and removes those that are too old."""

    help = f"Back up the database and the media, and remove old backups by rule. {EXIT_CODES}"

    def add_arguments(self, parser: CommandParser) -> None:
        """What to call it, and what to leave out."""
        super().add_arguments(parser)
        parser.add_argument("--label", default="", help="a word of yours for this backup")
        parser.add_argument("--without-media", action="store_true", help="the database only")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be stored")

    def run(self, **options: Any) -> None:
        """Make it, or say what it would be."""
        has_media = not options["without_media"]
        if options["dry_run"]:
            self._preview(making.plan(has_media=has_media), is_json=options["json"])
            return
        run = making.make(label=options["label"], has_media=has_media)
        report = {
            "id": run.pk,
            "state": run.state,
            "database_bytes": run.database_bytes,
            "media_files": run.media_files,
            "uploaded_bytes": run.uploaded_bytes,
        }
        sentence = (
            f"Backup {run.pk}: database {amount(run.database_bytes)}, {run.media_files} files of which "
            f"{amount(run.uploaded_bytes)} were new."
        )
        self.say(report, sentence, is_json=options["json"])
        if run.state == BackupState.INCOMPLETE:
            raise CommandError(run.error, returncode=3)

    def _preview(self, planned: making.Plan, *, is_json: bool) -> None:
        room = "unknown room" if planned.free_bytes is None else f"{amount(planned.free_bytes)} of room"
        sentence = (
            f"Would store at most {amount(planned.database_bytes)} of database and "
            f"{amount(planned.new_media_bytes)} of new media in {planned.store} ({room}) "
            f"for {', '.join(planned.recipients)}."
        )
        self.say({**asdict(planned), "fits": planned.fits, "dry_run": True}, sentence, is_json=is_json)
        if not planned.fits:
            raise CommandError("There is not enough room.", returncode=1)
