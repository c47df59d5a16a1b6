"""What the console's home page says of tenants: one statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.urls import reverse

from cutroom.console.board import Concern, Figure, Part, part

TENANTS = """
SELECT count(*), count(*) FILTER (WHERE created_at > %(month_ago)s),
    count(*) FILTER (WHERE state = 'suspended'), count(*) FILTER (WHERE state = 'deleting'),
    (SELECT count(*) FROM tenants_webhookendpoint
        WHERE disabled_at > %(week_ago)s AND disabled_reason <> %(own)s),
    (SELECT min(since) FROM tenants_hold), (SELECT min(reason) FROM tenants_hold)
FROM tenants_tenant
"""
SWITCHED_OFF = "Switched off by you."


@part("tenants")
def facts(at: datetime) -> Part:
    """How many there are, who is suspended or leaving, and whose webhook endpoints were given up."""
    values: dict[str, Any] = {
        "month_ago": at - timedelta(days=30),
        "week_ago": at - timedelta(days=7),
        "own": SWITCHED_OFF,
    }
    with connections["ops"].cursor() as cursor:
        cursor.execute(TENANTS, values)
        count, fresh, suspended, leaving, deaf, held_since, held_reason = cursor.fetchone()
    return Part(
        concerns=[*_deaf(deaf), *_held(held_since, held_reason)],
        figures={"tenants": list(_figures(count, fresh, suspended, leaving))},
    )


def _figures(count: int, fresh: int, suspended: int, leaving: int) -> Iterator[Figure]:
    url = reverse("admin:tenants")
    yield Figure(title="Tenants", value=f"{count:,}", note=f"{fresh:,} new in 30 days", url=url)
    yield Figure(title="Suspended", value=f"{suspended:,}", note="only look", url=f"{url}?show=suspended")
    yield Figure(
        title="Being deleted", value=f"{leaving:,}", note="can be undone", url=f"{url}?show=deleting"
    )


def _deaf(count: int) -> Iterator[Concern]:
    if count:
        yield Concern(
            what="Endpoints given up",
            where="1 webhook endpoint" if count == 1 else f"{count:,} webhook endpoints",
            url=reverse("admin:tenants_webhookendpoint_changelist"),
            why="switched off after failing for days; their tenants were not asked",
            is_grave=False,
            area="tenants/webhookdelivery",
        )


def _held(since: datetime | None, reason: str | None) -> Iterator[Concern]:
    if since is not None:
        yield Concern(
            what="On hold",
            where="Mail and webhooks",
            url="",
            why=f"{reason}; manage.py restore --go-live lets them go",
            since=since,
            area="",
            runbook="restore",
        )
