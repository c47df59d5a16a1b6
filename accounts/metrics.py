"""How the outbox stands: sign-in mails that nobody gets are noticed here first."""

from __future__ import annotations

from cutroom import metrics
from cutroom.metrics import Reading, Values

_WAITING = """
SELECT count(*), extract(epoch FROM clock_timestamp() - min(created_at)) FROM accounts_outboxmail
WHERE sent_at IS NULL AND give_up_at > clock_timestamp()
"""


def _waiting() -> Values:
    [(count, _)] = metrics.rows(_WAITING)
    return metrics.one(count)


def _oldest() -> Values:
    [(_, age)] = metrics.rows(_WAITING)
    return metrics.one(max(0.0, float(age or 0)))


metrics.register(
    Reading(name="outbox_waiting", help="Mails that have not left yet.", read=_waiting),
    Reading(name="outbox_oldest_seconds", help="Age of the oldest mail that has not left.", read=_oldest),
)
