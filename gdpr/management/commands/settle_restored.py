"""`manage.py settle_restored`: a step of `restore`, run inside the restored copy by a process of its own."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from cutroom import clock
from gdpr import conf
from gdpr.backups import making, settling
from gdpr.backups.aside import SUFFIX
from gdpr.backups.errors import BackupError


class Command(BaseCommand):
    """Not for people: it ends every session. It refuses any database but a scratch one."""

    help = "A step of `restore` and `verify_backup --full`. Works on scratch databases only."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which backup it is, and whether this is a rehearsal."""
        parser.add_argument("id")
        parser.add_argument("--drill", action="store_true")
        parser.add_argument("--keep-api-keys", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Settle, and print a report as one line of JSON."""
        name = conf.database("owner")["NAME"]
        if not name.endswith(SUFFIX):
            raise CommandError(f"{name} is no scratch database.")
        if _is_behind():
            call_command("migrate", verbosity=0, interactive=False)
        store, at = making.the_store(), clock.now()
        try:
            report = settling.judge(at=at, held=sys.stdin)
            report |= settling.replay_erasures(store=store)
            if not options["drill"]:
                report |= settling.make_safe(
                    options["id"], store=store, at=at, keeps_api_keys=options["keep_api_keys"]
                )
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report))


def _is_behind() -> bool:
    """Was the backup made by an older version? To look is much faster than to migrate in vain."""
    executor = MigrationExecutor(connections["owner"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
