"""`manage.py reset_second_factor`: for a person who lost app, passkeys and recovery codes."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import addresses
from accounts.models import User
from accounts.second_factor import challenges, enrolment
from cutroom import clock
from cutroom.errors import InvalidInput


class Command(BaseCommand):
    """Removes every second factor of a person and signs them out. They are told by mail; it is audited."""

    help = (
        "Remove the authenticator app, passkeys and recovery codes of a person and sign them out everywhere. "
        "Make sure by other means than mail who is asking: whoever reads their mail can sign in afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, why, by whom; --dry-run, and --json for programs."""
        parser.add_argument("email", help="address of the person")
        parser.add_argument(
            "--reason", required=True, help="why, and how you made sure; kept in the audit log"
        )
        parser.add_argument("--operator", default="", help="address of the operator who decided it")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset, and say what was removed."""
        user = _person(options["email"])
        operator = _person(options["operator"]) if options["operator"] else None
        if not options["reason"].strip():
            raise CommandError("Give a reason: it is all that the audit log will know.")
        if options["dry_run"]:
            removed = challenges.factors_of(user)
        else:
            operator_id = operator.pk if operator else None
            removed = enrolment.reset(user, reason=options["reason"], operator_id=operator_id, at=clock.now())
        self.stdout.write(_report(user, removed, options))


def _person(email: str) -> User:
    try:
        user = User.objects.filter(email=addresses.normalise_email(email)).first()
    except InvalidInput as error:
        raise CommandError(f"{email}: {error.detail}") from None
    if user is None:
        raise CommandError(f"Nobody here has the address {email}.")
    return user


def _report(user: User, factors: int, options: dict[str, Any]) -> str:
    if options["json"]:
        return json.dumps({"email": user.email, "removed": factors, "dry_run": options["dry_run"]})
    verb = "would be" if options["dry_run"] else "were" if factors != 1 else "was"
    return f"{factors} second factor{'' if factors == 1 else 's'} of {user.email} {verb} removed."
