"""What billing counts, and how well our picture of Stripe agreed last night and since."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from cutroom import metrics
from cutroom.metrics import Reading, Values

WEBHOOKS = Counter("cutroom_stripe_webhooks", "Webhooks from Stripe by what became of them.", ["outcome"])

WEBHOOK_LAG = Histogram(
    "cutroom_stripe_webhook_lag_seconds",
    "From the event at Stripe to its effect here.",
    buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 72 * 3600),
)

_NEWEST = """
SELECT drifted, extract(epoch FROM clock_timestamp() - at), sum(missing) OVER ()
FROM (SELECT * FROM billing_reconciliation ORDER BY at DESC LIMIT 2) two ORDER BY at DESC LIMIT 1
"""


def _drift() -> Values:
    return metrics.one(next((drifted for drifted, _, _ in metrics.rows(_NEWEST)), None))


def _age() -> Values:
    return metrics.one(next((max(0.0, float(age)) for _, age, _ in metrics.rows(_NEWEST)), None))


def _missing() -> Values:
    return metrics.one(next((missing for _, _, missing in metrics.rows(_NEWEST)), None))


metrics.register(
    Reading(
        name="subscription_drift",
        help="Subscriptions that the last comparison with Stripe, or a lost event since, had corrected.",
        read=_drift,
    ),
    Reading(
        name="stripe_events_missing",
        help="Events that Stripe had and that never came here, by the last two comparisons and since.",
        read=_missing,
    ),
    Reading(
        name="subscriptions_compared_age_seconds",
        help="Time since the last comparison with Stripe.",
        read=_age,
    ),
)
