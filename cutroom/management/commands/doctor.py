"""`manage.py doctor`: is this installation sound, and if not, how is it mended?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cutroom import doctor
from cutroom.doctor import Finding, State


class Command(BaseCommand):
    """Exit code 0 when nothing is broken, 1 when something is, 2 for an examination that does not exist."""

    help = (
        "Examine everything an installation needs: settings, secrets, database roles and policies, "
        "migrations, clock, Redis, storage, disk, workers, mail, fonts, voices, Stripe, backups. Says how to "
        "mend what is wrong. Exit code 0: nothing is broken; 1: something is; 2: no such examination. "
        "Changes nothing."
    )
    # The system checks are one of the examinations; they must not end the command before the others.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to examine, and for whom to print."""
        parser.add_argument("--json", action="store_true", help="one JSON document instead of sentences")
        parser.add_argument(
            "--only", action="append", default=[], metavar="NAME", help="this examination only; repeatable"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and print."""
        known = doctor.names()
        if unknown := set(options["only"]) - set(known):
            message = f"There is no examination {', '.join(sorted(unknown))}; there are {', '.join(known)}."
            raise CommandError(message, returncode=2)
        findings = []
        for finding in doctor.examine(options["only"]):
            findings.append(finding)
            if not options["json"]:
                self._tell(finding)
        count = sum(finding.state == State.BROKEN for finding in findings)
        if options["json"]:
            document = {"healthy": count == 0, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(document))
        if count:
            raise CommandError(f"{count} of {len(findings)} findings need mending.", returncode=1)
        if not options["json"]:
            self.stdout.write("Everything is sound.")

    def _tell(self, finding: Finding) -> None:
        style = {State.OK: self.style.SUCCESS, State.NOTE: self.style.WARNING, State.BROKEN: self.style.ERROR}
        state = style[finding.state](f"{finding.state.value:<7}")
        self.stdout.write(f"{state} {finding.examination:<11} {finding.says}")
        if finding.cure:
            self.stdout.write(f"{'':<20}{finding.cure}")
