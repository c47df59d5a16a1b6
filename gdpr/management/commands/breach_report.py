"""`manage.py breach_report`: what the authority is told of a breach, whom it affects, a letter to them."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import clock
from gdpr.duties import breaches
from gdpr.duties.models import Breach


class Command(BaseCommand):
    """Breaches are recorded in the console (/admin/). Exit 0: printed. Exit 1: there is no such record."""

    help = "Count anew whom a breach affects, from the audit log, and print the record (article 33)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one, and how much of it."""
        parser.add_argument("id", nargs="?", help="id of the record; the newest by default")
        parser.add_argument("--people", action="store_true", help="name the affected, and draft a letter")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count and print."""
        breach = _find(options["id"])
        found = breaches.compute(breach, at=clock.now())
        document = breaches.as_document(breach, found)
        if options["people"]:
            document["people"] = breaches.people_to_tell(found)
            document["letter"] = breaches.letter(breach)
        if options["json"]:
            self.stdout.write(json.dumps(document, default=str, indent=2, ensure_ascii=False))
            return
        self.stdout.write("\n".join(_lines(breach, document)))


def _find(given: str | None) -> Breach:
    rows = Breach.objects.order_by("-detected_at")
    try:
        found = rows.filter(pk=given).first() if given else rows.first()
    except ValidationError:
        found = None
    if found is None:
        raise CommandError("There is no such record; breaches are recorded in the console, at /admin/.")
    return found


def _lines(breach: Breach, document: dict[str, Any]) -> list[str]:
    counts = document["affected"]
    lines = [
        f"{breach.title}, found on {breach.detected_at:%Y-%m-%d %H:%M} UTC.",
        f"The authority has to know by {breach.notify_by:%Y-%m-%d %H:%M} UTC.",
        f"Affected: {counts['people']} people of {counts['workspaces']} workspaces, "
        f"by {counts['audit_entries']} lines of the audit log.",
    ]
    for person in document.get("people", []):
        lines.append(f"  {person['email']}: {', '.join(person['workspaces'])}")
    return [*lines, *(["", document["letter"]] if "letter" in document else [])]
