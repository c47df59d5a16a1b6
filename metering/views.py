"""The page /usage: five meters, the days of one, the newest lines of the ledger; and the ledger as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate
from math import ceil
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cutroom import clock
from cutroom.pages import require_principal
from metering import chart, exports, history, periods, selectors
from metering.meters import Meter, Shown
from metering.models import UsageEvent
from metering.periods import Period, period_named
from tenants.http import Principal, TenantRequest

NEWEST_LINES = 25
# What a video maker runs out of first comes first.
ORDER = (Meter.RENDER, Meter.TTS, Meter.IMAGES, Meter.STORAGE, Meter.UPLOADS)
_DEFAULT_METER = Meter.RENDER
_KINDS = {"asset": "File"}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A meter of the period on the page. `row` is how it stands; None for a month that is over."""

    meter: Meter
    used: Shown
    row: selectors.UsageRow | None
    expected: Shown | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the ledger for people: for what `kind` of thing, called `name`; a render has its id, too."""

    at: datetime
    meter: Meter
    amount: Shown
    kind: str
    name: str
    render_id: UUID | None


@require_safe
def show(request: TenantRequest) -> HttpResponse:
    """Usage of one month, this one unless `period` names another; `meter` chooses the chart."""
    principal = cast(Principal, require_principal(request))
    at = clock.now()
    standing = selectors.standing(principal.tenant_id, at)
    months = history.months(standing.period.start)
    period = _period(request, standing.period)
    is_now = period == standing.period
    rows = {row.meter: row for row in sorted(standing.rows, key=lambda row: ORDER.index(row.meter))}
    used = months.get(period.start, {})
    lines = history.Lines(first=period.start, last=period.last_day).newest_first()[:NEWEST_LINES]
    context = {
        "standing": standing,
        "period": period,
        "is_now": is_now,
        "days_left": ceil((period.ends_at - at).total_seconds() / 86_400),
        "months": [
            period_named(f"{start:%Y-%m}", anchor_day=periods.anchor_of(principal.tenant_id))
            for start in sorted({*months, period.start}, reverse=True)
        ],
        "readings": list(_readings(rows, used, period if is_now else None, at)),
        "lines": [_line(event) for event in lines],
        "downloads": urlencode({"period": period.name}),
        **_days(rows[_meter(request)], period, at.astimezone(UTC).date()),
    }
    return render(request, "metering/usage.html", context)


@require_safe
def download(request: TenantRequest, kind: str) -> HttpResponseBase:
    """The ledger of one month as a file, for people who are signed in to the pages."""
    principal = cast(Principal, require_principal(request))
    at = clock.now()
    period = _period(request, periods.current(principal.tenant_id, at))
    return exports.ledger_file(
        request,
        tenant_id=principal.tenant_id,
        lines=history.Lines(first=period.start, last=period.last_day),
        kind=kind,
        name=f"usage-{principal.tenant_slug}-{period.name}",
    )


def _period(request: TenantRequest, now: Period) -> Period:
    """The month that `period` names, as in "2026-11"; this one when it names none or one to come."""
    try:
        tenant_id = cast(Principal, request.principal).tenant_id
        named = period_named(request.GET.get("period", ""), anchor_day=periods.anchor_of(tenant_id))
    except (ValueError, OverflowError):
        return now
    return named if named.start < now.start else now


def _meter(request: TenantRequest) -> Meter:
    name = request.GET.get("meter", "")
    return Meter(name) if name in Meter else _DEFAULT_METER


def _readings(
    rows: dict[Meter, selectors.UsageRow], used: dict[Meter, int], now: Period | None, at: datetime
) -> Iterator[Reading]:
    for meter, row in rows.items():
        if now:
            days_left = (now.ends_at - at).total_seconds() / 86_400
            expected = (
                None if meter.is_level or not row.pace else _rounded(meter, row.taken + row.pace * days_left)
            )
            yield Reading(meter=meter, used=row.used, row=row, expected=expected)
        elif not meter.is_level:
            yield Reading(meter=meter, used=meter.shown(used.get(meter, 0)), row=None, expected=None)


def _rounded(meter: Meter, amount: float) -> Shown:
    return meter.shown(round(amount) * meter.factor)


def _days(row: selectors.UsageRow, period: Period, today: date) -> dict[str, Any]:
    """The chart of one meter, and its table twin: each day with the sum so far."""
    meter = row.meter
    days = history.days_of(meter, period, level=row.used_exactly, until=today)
    totals = list(accumulate(day.amount for day in days))
    drawn = chart.draw(meter, period, days, pace=row.pace, full_on=row.forecast_runs_out_on, today=today)
    solid = [bar for bar in drawn.bars if bar.kind != "ghost"]
    return {
        "meter": meter,
        "chart": drawn,
        "days": [
            (day.day, meter.shown(day.amount), meter.shown(total))
            for day, total in zip(days, totals, strict=True)
        ],
        "total": meter.shown(days[-1].amount if meter.is_level else sum(day.amount for day in days)),
        "peak": max(solid, key=lambda bar: bar.amount),
        "is_blank": not any(day.amount for day in days),
    }


def _line(event: UsageEvent) -> Line:
    meter = Meter(event.meter)
    kind, _, name = event.subject.partition(":")
    return Line(
        at=event.at,
        meter=meter,
        amount=meter.shown(event.amount),
        kind=_KINDS.get(kind, kind.capitalize()),
        name=name[:8],
        render_id=_uuid(name) if kind == "render" else None,
    )


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
