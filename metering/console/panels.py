"""What the page and the list of tenants show of usage: meters with their overrides, credits, the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cutroom import clock
from cutroom.console.board import Sheet
from metering import selectors
from metering.meters import Meter
from metering.models import CreditLot, LimitOverride, LimitRequest, QuotaCounter, RequestState, UsageEvent
from tenants.console.panels import column, panel
from tenants.models import Tenant

LINES = 50


@column("Render min", order=30)
def minutes(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Render minutes used in the running month."""
    since = clock.now().astimezone(UTC).date() - timedelta(days=31)
    rows = QuotaCounter.everywhere.using("ops").filter(
        tenant_id__in=ids, meter=Meter.RENDER, period_start__gt=since
    )
    return {row.tenant_id: f"{Meter.RENDER.shown(row.used):,g}" for row in rows.order_by("period_start")}


@panel("usage", order=20)
def usage(tenant: Tenant, at: datetime) -> Sheet:
    """How each meter stands, what an operator changed, and what the tenant asked for."""
    open_overrides = {row.meter: row for row in LimitOverride.objects.filter(ended_at=None)}
    standing = selectors.standing(tenant.pk, at)
    context = {
        "tenant": tenant,
        "rows": [(row, _pill(open_overrides.get(row.meter.value), at)) for row in standing.rows],
        "lots": [_lot(lot) for lot in CreditLot.objects.filter(remaining__gt=0).order_by("expires_at", "pk")],
        "asked": list(LimitRequest.objects.filter(state=RequestState.OPEN).order_by("created_at")),
        "has_override": bool(open_overrides),
    }
    return Sheet(template="metering/console/_usage.html", context=context)


@panel("ledger", order=60, tab="Ledger")
def ledger(tenant: Tenant, at: datetime) -> Sheet:
    """The newest lines of the ledger."""
    events = UsageEvent.objects.order_by("-at", "-id")[:LINES]
    lines = [{"event": event, "meter": Meter(event.meter), "amount": _shown(event)} for event in events]
    return Sheet(template="metering/console/_ledger.html", context={"tenant": tenant, "lines": lines})


def _shown(event: UsageEvent) -> Any:
    return Meter(event.meter).shown(event.amount)


def _pill(override: LimitOverride | None, at: datetime) -> str:
    if override is None or (override.expires_at and override.expires_at <= at):
        return ""
    end = f" until {override.expires_at:%-d %b}" if override.expires_at else ""
    return f"{override.get_kind_display()}{end}"


def _lot(lot: CreditLot) -> dict[str, Any]:
    meter = Meter(lot.meter)
    return {
        "meter": meter,
        "remaining": meter.shown(lot.remaining),
        "amount": meter.shown(lot.amount),
        "expires_at": lot.expires_at,
        "reason": lot.reason,
    }
