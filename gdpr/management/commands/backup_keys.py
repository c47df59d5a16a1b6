"""`manage.py backup_keys`: make, change and test the keys that backups are encrypted with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from cutroom import signatures
from gdpr.backups import keys, making
from gdpr.backups.commands import EXIT_CODES, BackupCommand
from gdpr.backups.errors import BackupError, Refused


class Command(BackupCommand):
    """create, rotate, show, test."""

    help = (
        "create: make the first key pair; rotate: make another one, for backups from now on; show: public "
        f"keys; test: can this identity open what was encrypted for it? {EXIT_CODES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which file."""
        super().add_arguments(parser)
        parser.add_argument("action", choices=["create", "rotate", "show", "test"])
        parser.add_argument(
            "--identity-out", type=Path, help="where to write the private key (create, rotate)"
        )
        parser.add_argument("--identity", type=Path, help="file with the private key (test)")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def run(self, **options: Any) -> None:
        """Do it."""
        action = options["action"]
        if action == "show":
            self._show(is_json=options["json"])
        elif action == "test":
            self._test(options["identity"], is_json=options["json"])
        else:
            self._make(action, options["identity_out"], is_dry=options["dry_run"], is_json=options["json"])

    def _make(self, action: str, target: Path | None, *, is_dry: bool, is_json: bool) -> None:
        if target is None:
            raise Refused(
                "Name a file for the private key with --identity-out, best on another machine's disk."
            )
        has_keys = keys.public_file().exists()
        if (action == "rotate") != has_keys:
            raise Refused(
                "There is a key already; use rotate." if has_keys else "There is no key yet; use create."
            )
        recipient = "" if is_dry else keys.create(target)
        done = f"The private key would be written to {target}." if is_dry else f"Public key: {recipient}"
        advice = (
            f"Move {target} off this server, to two places, and test it there with `backup_keys test`. "
            "Without it no backup can be read. Older backups still need the older key."
        )
        self.say(
            {"recipient": recipient, "identity": str(target), "dry_run": is_dry},
            done,
            advice,
            is_json=is_json,
        )

    def _show(self, *, is_json: bool) -> None:
        report = {
            "recipients": keys.recipients(),
            "signing_key_id": signatures.key_id(signatures.public_key()),
            "signing_key": signatures.public_key_pem(),
        }
        lines = [*report["recipients"], f"signed with {report['signing_key_id']}", str(report["signing_key"])]
        self.say(report, *lines, is_json=is_json)

    def _test(self, path: Path | None, *, is_json: bool) -> None:
        store = making.the_store()
        found: dict[str, bool] = {}
        for identity in keys.identities(path):
            for recipient, is_open in keys.opened_canaries(identity, store=store):
                found[recipient] = found.get(recipient, False) or is_open
        lines = [
            f"{recipient}: {'opens' if is_open else 'does not open'}" for recipient, is_open in found.items()
        ]
        self.say({"opens": found}, *(lines or ["No backup was made yet."]), is_json=is_json)
        if not any(found.get(recipient) for recipient in keys.recipients()):
            raise BackupError("This identity opens nothing that is encrypted for today's key.")
