"""`migrate` as the owner role: the app role may not change the schema."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand

from tenants.routers import migrating


class Command(MigrateCommand):
    """Django's migrate with `--database owner` as its default."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Change one default."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run with the ORM routed to the owner's connection."""
        token = migrating.set(True)
        try:
            super().handle(*args, **options)
        finally:
            migrating.reset(token)
