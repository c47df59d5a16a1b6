"""`manage.py send_news`: a mail to everybody who agreed to news, and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import clock
from gdpr.duties import consents, news
from gdpr.duties.models import Purpose


class Command(BaseCommand):
    """Exit 0: written into the outbox, or counted. Exit 1: there is nothing to send."""

    help = "Mail news to everybody who agreed to them on the account page; each can stop it with one click."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to say."""
        parser.add_argument("subject")
        parser.add_argument("text", type=Path, help="a file with the text of the mail")
        parser.add_argument("--dry-run", action="store_true", help="only count who would get it")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, or count."""
        try:
            text = options["text"].read_text().strip()
        except OSError as error:
            raise CommandError(f"{options['text']} cannot be read: {error}") from error
        if not text or not options["subject"].strip():
            raise CommandError("There is nothing to say: subject or text is empty.")
        if options["dry_run"]:
            count = len(consents.people_who_agreed(Purpose.NEWS))
        else:
            count = news.send(subject=options["subject"].strip(), text=text, at=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"people": count, "is_dry_run": options["dry_run"]}))
            return
        verb = "would get" if options["dry_run"] else "get"
        self.stdout.write(f"{count} people agreed to news and {verb} this mail.")
