"""What the console's home page says of mail: one statement over the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connections
from django.urls import reverse

from cutroom.console.board import Concern, Health, Part, part

# As the alert MailStuck says.
LATE = timedelta(minutes=5)

MAIL = """
SELECT count(*) FILTER (WHERE give_up_at > %(at)s), min(created_at) FILTER (WHERE give_up_at > %(at)s),
    count(*) FILTER (WHERE give_up_at BETWEEN %(day_ago)s AND %(at)s),
    min(give_up_at) FILTER (WHERE give_up_at BETWEEN %(day_ago)s AND %(at)s),
    string_agg(DISTINCT nullif(error, ''), ', ') FILTER (WHERE give_up_at > %(day_ago)s)
FROM accounts_outboxmail WHERE sent_at IS NULL
"""


@part("mail")
def facts(at: datetime) -> Part:
    """Mails that do not leave, and mails that were given up."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(MAIL, {"at": at, "day_ago": at - timedelta(days=1)})
        waiting, oldest, dead, dead_since, errors = cursor.fetchone()
    is_late = oldest is not None and at - oldest > LATE
    note = f"{waiting:,} wait" if is_late else ""
    return Part(
        concerns=[
            *_late(waiting, oldest if is_late else None, errors),
            *_dead(dead, dead_since, errors),
        ],
        health=[Health(name="Mail", is_ok=not is_late, note=note)],
    )


def _late(waiting: int, since: datetime | None, errors: str | None) -> Iterator[Concern]:
    if since is not None:
        yield Concern(
            what="Mail stuck",
            where=f"{waiting:,} mails wait",
            url=reverse("admin:accounts_outboxmail_changelist"),
            why=errors or "no worker has tried yet",
            since=since,
            area="accounts/outboxmail",
            runbook="link-not-sent",
        )


def _dead(dead: int, since: datetime | None, errors: str | None) -> Iterator[Concern]:
    if dead:
        yield Concern(
            what="Dead mail",
            where="1 mail" if dead == 1 else f"{dead:,} mails",
            url=reverse("admin:accounts_outboxmail_changelist") + "?state=dead",
            why=errors or "given up before it could leave",
            since=since,
            is_grave=False,
            area="accounts/outboxmail",
            runbook="link-not-sent",
        )
