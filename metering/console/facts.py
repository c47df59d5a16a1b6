"""What the console's home page says of usage: two statements, none of them over events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connections
from django.urls import reverse

from cutroom.console.board import Concern, Part, Sheet, part
from cutroom.console.charts import Chart, Series, draw
from metering.meters import Meter
from metering.models import SiteDay

DAYS = 14
MOST_TENANTS = 10

# A counter whose month began in the last 31 days is, but for a few hours, the running one.
TOP = """
SELECT asked.*, top.* FROM (
    SELECT count(*), min(created_at) FROM metering_limitrequest WHERE state = 'open') asked
LEFT JOIN (
    SELECT tenant.id, tenant.name, counter.used FROM metering_quotacounter counter
    JOIN tenants_tenant tenant ON tenant.id = counter.tenant_id
    WHERE counter.meter = %(meter)s AND counter.period_start > %(since)s AND counter.used > 0
    ORDER BY counter.used DESC LIMIT %(most)s) top ON true
"""

_SERIES = (Series(name="render minutes", kind="ink"),)


@part("usage")
def facts(at: datetime) -> Part:
    """Requests that wait, render minutes a day, and who uses most."""
    today = at.astimezone(UTC).date()
    values: dict[str, Any] = {
        "meter": Meter.RENDER.value,
        "since": today - timedelta(days=31),
        "most": MOST_TENANTS,
    }
    with connections["ops"].cursor() as cursor:
        cursor.execute(TOP, values)
        rows = cursor.fetchall()
    first = today - timedelta(days=DAYS - 1)
    days = SiteDay.objects.using("ops").filter(meter=Meter.RENDER, day__gte=first)
    return Part(
        concerns=list(_requests(*rows[0][:2])),
        charts=[_chart(dict(days.values_list("day", "amount")), first)],
        sheets=[_top([row[2:] for row in rows if row[2] is not None])],
    )


def _requests(waiting: int, since: datetime | None) -> Iterator[Concern]:
    if waiting:
        yield Concern(
            what="Limit requests wait",
            where="1 request" if waiting == 1 else f"{waiting:,} requests",
            url=reverse("admin:requests"),
            why="a tenant asks for more than its plan grants",
            since=since,
            is_grave=False,
            deed="Decide",
            area="requests",
        )


def _chart(amounts: dict[date, int], first: date) -> Chart:
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return draw(
        title="Render minutes a day",
        unit="min",
        series=_SERIES,
        days=[(day, [amounts.get(day, 0) / Meter.RENDER.factor]) for day in days],
    )


def _top(rows: list[tuple[Any, ...]]) -> Sheet:
    most = rows[0][2] if rows else 0
    tenants = [
        {"id": tenant_id, "name": name, "used": Meter.RENDER.shown(used), "share": 100 * used // most}
        for tenant_id, name, used in rows
    ]
    return Sheet(template="metering/console/_top.html", context={"tenants": tenants})
