"""`manage.py restore`: bring a backup back, verified, cleansed and held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from gdpr import conf
from gdpr.backups import keys, making, manifests, restoring, verification
from gdpr.backups.commands import EXIT_CODES, BackupCommand, newest
from gdpr.backups.manifests import Manifest
from gdpr.backups.restoring import Wish
from tenants import holding


class Command(BackupCommand):
    """Restores beside the live installation, or with --replace in its place."""

    help = (
        "Restore a backup. By default into a new database and folder; with --replace --confirm NAME in the "
        "place of the live installation, which is kept under another name. Everything is verified first, "
        "later erasures are repeated, all sessions and API keys end, mail and webhooks wait for --go-live. "
        f"{EXIT_CODES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one, where to, and how sure."""
        super().add_arguments(parser)
        parser.add_argument("id", nargs="?", help="id of the backup; the newest by default")
        parser.add_argument("--identity", type=Path, help="file with the age private key")
        parser.add_argument("--into", default="", help="name of the new database")
        parser.add_argument("--replace", action="store_true", help="take the place of the live installation")
        parser.add_argument("--confirm", default="", help="name of the installation that is replaced")
        parser.add_argument("--without-safety-backup", action="store_true", help="do not back up first")
        parser.add_argument("--keep-api-keys", action="store_true", help="keys revoked since then live again")
        parser.add_argument("--dry-run", action="store_true", help="verify everything, change nothing")
        parser.add_argument(
            "--go-live", action="store_true", help="let a restored installation send mail again"
        )

    def run(self, **options: Any) -> None:
        """Restore, rehearse the first half of it, or release."""
        if options["go_live"]:
            reasons = holding.release()
            words = f"Released: {', '.join(reasons)}." if reasons else "Nothing was on hold."
            self.say({"released": reasons}, words, is_json=options["json"])
            return
        store = making.the_store()
        backup_id = options["id"] or newest(store)
        manifest = manifests.load(backup_id, store=store, instance=conf.instance())
        identities = keys.identities(options["identity"])
        wish = Wish(
            into=options["into"],
            replaces=options["replace"],
            confirmed=options["confirm"],
            has_safety_backup=not options["without_safety_backup"],
            keeps_api_keys=options["keep_api_keys"],
        )
        if options["dry_run"]:
            restoring.refuse_unfit(manifest, wish)
            facts = verification.check(manifest, store=store, identities=identities)
            words = f"Backup {manifest.id} is good and fits this version; nothing was changed."
            self.say({"id": manifest.id, "dry_run": True, **facts}, words, is_json=options["json"])
            return
        report = restoring.restore(manifest, wish, store=store, identities=identities)
        self.say(report, *_sentences(report, manifest), is_json=options["json"])


def _sentences(report: dict[str, Any], manifest: Manifest) -> list[str]:
    lines = [
        f"Restored backup {manifest.id} of {manifest.made_at:%Y-%m-%d %H:%M} UTC in {report['seconds']} s: "
        f"{report['tables']} tables, {report['objects']} media objects, all compared.",
        f"Erased again: {len(report['erased'])} tenants. Ended: {report['ended']}.",
        *report["faults"],
    ]
    if not report["is_live"]:
        return [*lines, f"It lies in the database {report['database']} and in {report['media']}."]
    return [
        *lines,
        f"The old database is {report['kept_as']}; it holds personal data, so drop it soon.",
        "Mail and webhooks wait. Start the stack, look around, then: manage.py restore --go-live",
    ]
