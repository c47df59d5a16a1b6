"""`manage.py verify_backup`: is this backup what it says, and does it restore?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from gdpr import conf
from gdpr.backups import drills, keys, making, manifests, verification
from gdpr.backups.commands import EXIT_CODES, BackupCommand, newest


class Command(BackupCommand):
    """Checks a backup and notes that it is good."""

    help = (
        "Check signature and checksums of a backup; with --identity also what is inside; with --full restore "
        f"it into a scratch database, judge that, and drop it. {EXIT_CODES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one, and how thoroughly."""
        super().add_arguments(parser)
        parser.add_argument("id", nargs="?", help="id of the backup; the newest by default")
        parser.add_argument("--identity", type=Path, help="file with the age private key")
        parser.add_argument("--full", action="store_true", help="restore into a scratch database")
        parser.add_argument("--sample", type=_share, default=1.0, help="share of the media, such as 5%%")

    def run(self, **options: Any) -> None:
        """Check it and print what was proved."""
        store = making.the_store()
        backup_id = options["id"] or newest(store)
        manifest = manifests.load(backup_id, store=store, instance=conf.instance())
        if options["full"]:
            report = drills.rehearse(manifest, store=store, identities=keys.identities(options["identity"]))
        else:
            identities = keys.identities(options["identity"]) if options["identity"] else []
            report = verification.verify(
                manifest, store=store, identities=identities, sample=options["sample"]
            )
        sentence = (
            f"Backup {report['id']} is good: {report['level']}, {report['tables']} tables, "
            f"{report['objects']} media objects, in {report['seconds']} s."
        )
        self.say(report, sentence, is_json=options["json"])


def _share(text: str) -> float:
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 < share <= 1:
        raise ValueError(text)
    return share
