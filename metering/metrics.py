"""Does the ledger agree with the counters? The answer of the last reconciliation, and how old it is."""

from __future__ import annotations

import logging
import time

from django.core.cache import cache

from cutroom import metrics
from cutroom.metrics import Reading, Values
from metering import reconciliation

logger = logging.getLogger(__name__)

_LAST = "metering:reconciled"


def reconcile() -> int:
    """Compare every balance and remember how many differ; each of those is an error in the log."""
    wrong = [balance for balance in reconciliation.balances() if not balance.is_exact]
    for balance in wrong:
        logger.error("ledger_mismatch", extra=balance.as_json())
    cache.set(_LAST, {"mismatches": len(wrong), "at": time.time()}, timeout=None)
    return len(wrong)


def _mismatches() -> Values:
    last = cache.get(_LAST)
    return metrics.one(None if last is None else last["mismatches"])


def _age() -> Values:
    last = cache.get(_LAST)
    return metrics.one(None if last is None else max(0.0, time.time() - last["at"]))


metrics.register(
    Reading(
        name="ledger_mismatches",
        help="Balances whose counter, ledger, daily sums and reservations differ.",
        read=_mismatches,
    ),
    Reading(name="ledger_check_age_seconds", help="Time since they were compared.", read=_age),
)
