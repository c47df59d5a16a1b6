"""What the console's home page says of money: one statement over the projection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.urls import reverse

from billing import conf
from billing.models import SubscriptionStatus
from cutroom.console.board import Concern, Figure, Health, Part, part

# Nightly, and a day of patience.
COMPARED_MAX_AGE = timedelta(hours=50)

MONEY = """
SELECT now.*, paying.* FROM (
    SELECT failed.count, failed.since, newest.drifted, newest.at, two.missing
    FROM (SELECT count(*) AS count, min(created) AS since FROM djstripe_webhookeventtrigger hook
          WHERE created > %(day_ago)s AND valid AND NOT processed AND NOT EXISTS (
              SELECT FROM djstripe_event WHERE id = hook.body::jsonb ->> 'id')) failed
    LEFT JOIN LATERAL (
        SELECT drifted, at FROM billing_reconciliation ORDER BY at DESC LIMIT 1) newest ON true
    CROSS JOIN (
        SELECT sum(missing) AS missing
        FROM (SELECT missing FROM billing_reconciliation ORDER BY at DESC LIMIT 2) of_each) two) now
LEFT JOIN (
    SELECT plan, status, count(*), count(*) FILTER (WHERE started_at > %(month_ago)s), min(past_due_since),
        (array_agg(tenant_id ORDER BY past_due_since))[1], count(*) FILTER (WHERE changes_at IS NOT NULL)
    FROM billing_tenantsubscription
    WHERE subscription_id <> '' AND status IN ('active', 'trialing', 'past_due')
    GROUP BY plan, status) paying ON true
"""


@part("billing")
def facts(at: datetime) -> Part:
    """Revenue a month, trials, past due; failed webhooks and drift."""
    values = {"day_ago": at - timedelta(days=1), "month_ago": at - timedelta(days=30)}
    with connections["ops"].cursor() as cursor:
        cursor.execute(MONEY, values)
        rows = cursor.fetchall()
    failed, failed_since, drifted, compared_at, missing = rows[0][:5]
    groups = [row[5:] for row in rows if row[5] is not None]
    return Part(
        concerns=[
            *_webhooks(failed, failed_since),
            *_missing(missing, compared_at),
            *_drift(drifted, compared_at, at),
            *_past_due(groups),
        ],
        figures={"money": list(_figures(groups))},
        health=[Health(name="Stripe", is_ok=not failed, note=f"{failed} webhooks failed" if failed else "")],
    )


def _webhooks(failed: int, since: datetime | None) -> Iterator[Concern]:
    if failed:
        yield Concern(
            what="Webhooks failed",
            where=f"{failed:,} from Stripe",
            url=reverse("admin:djstripe_webhookeventtrigger_changelist") + "?state=failed",
            why="our endpoint could not process them in the last 24 hours",
            since=since,
            deed="Replay",
            area="djstripe/webhookeventtrigger",
            runbook="webhook-failing",
        )


def _missing(missing: int | None, compared_at: datetime | None) -> Iterator[Concern]:
    if missing:
        yield Concern(
            what="Webhooks missing",
            where="1 event of Stripe" if missing == 1 else f"{missing:,} events of Stripe",
            url=reverse("admin:billing_reconciliation_changelist"),
            why="they never came here; whom they are about was read again",
            since=compared_at,
            area="djstripe/webhookeventtrigger",
            runbook="webhook-failing",
        )


def _drift(drifted: int | None, compared_at: datetime | None, at: datetime) -> Iterator[Concern]:
    if drifted:
        why = f"the last comparison had to correct {drifted:,}"
    elif compared_at is not None and at - compared_at > COMPARED_MAX_AGE:
        why = "subscriptions were last compared with Stripe days ago"
    else:
        return
    yield Concern(
        what="Webhook drift",
        where="Subscriptions",
        url=reverse("admin:billing_reconciliation_changelist"),
        why=why,
        since=compared_at,
        is_grave=False,
        area="djstripe/webhookeventtrigger",
        runbook="webhook-failing",
    )


def _past_due(groups: Sequence[tuple[Any, ...]]) -> Iterator[Concern]:
    late = [group for group in groups if group[1] == SubscriptionStatus.PAST_DUE]
    count = sum(group[2] for group in late)
    if count:
        since = min((group[4] for group in late if group[4]), default=None)
        url = reverse("admin:tenants") + "?show=past_due"
        where = "1 tenant" if count == 1 else f"{count:,} tenants"
        why = f"a payment fails; the plan ends {conf.GRACE.days} days after that began"
        yield Concern(
            what="Past due",
            where=where,
            url=reverse("admin:tenant", args=[late[0][5]]) if count == 1 else url,
            why=why,
            since=since,
            is_grave=False,
            deed="Open",
            area="tenants",
        )


def _figures(groups: Sequence[tuple[Any, ...]]) -> Iterator[Figure]:
    prices = conf.prices()
    tenants = reverse("admin:tenants")

    def of(*statuses: SubscriptionStatus) -> list[tuple[Any, ...]]:
        return [group for group in groups if group[1] in statuses]

    def money(column: int, chosen: list[tuple[Any, ...]]) -> str:
        return amount(sum((prices.get(group[0]) or 0) * group[column] for group in chosen))

    def count(column: int, chosen: list[tuple[Any, ...]]) -> int:
        return sum(group[column] for group in chosen)

    paying = of(SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
    late, trials = of(SubscriptionStatus.PAST_DUE), of(SubscriptionStatus.TRIALING)
    note = f"{money(3, paying)} of it from the last 30 days"
    yield Figure(title="Monthly revenue", value=money(2, paying), note=note, url=f"{tenants}?show=paying")
    yield Figure(
        title="Paying", value=f"{count(2, paying):,}", note="subscriptions", url=f"{tenants}?show=paying"
    )
    yield Figure(
        title="Trials", value=f"{count(2, trials):,}", note=money(2, trials), url=f"{tenants}?show=trialing"
    )
    yield Figure(
        title="Past due", value=f"{count(2, late):,}", note=money(2, late), url=f"{tenants}?show=past_due"
    )
    yield Figure(title="Leaving", value=f"{count(6, paying):,}", note="a change is planned")


def amount(cents: int) -> str:
    """An amount in the currency of the prices, as people write it: "$4,176", "29 EUR"."""
    whole, rest = divmod(cents, 100)
    text = f"{whole:,}" if not rest else f"{whole:,}.{rest:02}"
    return f"${text}" if conf.currency() == "usd" else f"{text} {conf.currency().upper()}"
