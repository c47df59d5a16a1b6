"""Mail that warns the owner of an account: something about the second factor changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from accounts import conf, outbox
from accounts.magic_links import Asker
from accounts.models import User

USEFUL_FOR = timedelta(days=2)


class Notice(Enum):
    """What happened: the mail's subject, and its sentence in the words of the reader."""

    APP_ADDED = (
        "An authenticator app was added to your account",
        "Signing in now asks for a code of that app as well.",
    )
    APP_REMOVED = (
        "The authenticator app was removed from your account",
        "Its codes no longer count.",
    )
    PASSKEY_ADDED = (
        "A passkey was added to your account",
        "Signing in now asks for a second factor, and this passkey is one.",
    )
    PASSKEY_REMOVED = (
        "A passkey was removed from your account",
        "It no longer counts.",
    )
    CODES_MADE = (
        "You have new recovery codes",
        "All earlier recovery codes stopped working.",
    )
    CODE_USED = (
        "A recovery code was used for your account",
        "That code is spent.",
    )
    GUESSED = (
        "Somebody came as far as your second factor",
        "They used the link or code of a mail to you and then gave five wrong answers. If it was not you, "
        "somebody can read your mail: change its password now.",
    )
    RESET = (
        "Your second factor was reset by an operator",
        "All authenticator apps, passkeys and recovery codes of yours were removed and you were signed out "
        "everywhere. Sign in by mail and add a new second factor.",
    )


def tell(user: User, notice: Notice, *, at: datetime, asker: Asker | None = None, more: str = "") -> None:
    """Mail a notice to its person; `more` names the thing. Call inside the transaction of the deed."""
    subject, sentence = notice.value
    context = {
        "subject": subject,
        "sentence": sentence,
        "more": more,
        "at": at,
        "asker": asker,
        "site_url": conf.site_url(),
    }
    outbox.enqueue(kind="second_factor", recipient=user.email, context=context, at=at, useful_for=USEFUL_FOR)
