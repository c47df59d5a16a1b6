"""The register of processing activities (GDPR article 30), for the file and for the authority."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string

from gdpr import checks
from gdpr.data_map import data_map
from gdpr.register import register


class Command(BaseCommand):
    """Prints the register. Exit 0: printed. Exit 1: the data map is not complete, so it would be wrong."""

    help = "Print the register of processing activities (GDPR article 30), made from the data map."

    def add_arguments(self, parser: CommandParser) -> None:
        """Markdown unless JSON is asked for."""
        parser.add_argument("--format", choices=("md", "json"), default="md", help="md (default) or json")
        parser.add_argument("--json", action="store_true", help="the same as --format json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or say what is not declared."""
        if problems := checks.problems(data_map()):
            raise CommandError("\n".join(str(problem.msg) for problem in problems))
        if options["json"] or options["format"] == "json":
            self.stdout.write(json.dumps(register().as_document(), indent=2, ensure_ascii=False))
            return
        self.stdout.write(render_to_string("gdpr/register.md", {"register": register()}).strip())
