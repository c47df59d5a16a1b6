"""The ledger as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse

from metering.history import Lines
from metering.meters import Meter
from metering.models import UsageEvent
from metering.periods import LEVEL_START
from tenants.row_files import row_file

COLUMNS = ("id", "at", "meter", "amount", "unit", "exact", "period", "subject", "project_id", "user_id")


def line_document(event: UsageEvent) -> dict[str, Any]:
    """One line as every form of the ledger writes it; see UsageLine for what each member means."""
    meter = Meter(event.meter)
    return {
        "id": event.pk,
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "meter": meter.value,
        "amount": meter.shown(event.amount),
        "unit": meter.unit,
        "exact": event.amount,
        "period": None if event.period_start == LEVEL_START else event.period_start.isoformat(),
        "subject": event.subject,
        "project_id": str(event.project_id) if event.project_id else None,
        "user_id": str(event.user_id) if event.user_id else None,
    }


def ledger_file(
    request: HttpRequest, *, tenant_id: UUID, lines: Lines, kind: str, name: str
) -> StreamingHttpResponse:
    """Answer with the chosen lines, oldest first, as a file `<name>.<kind>`: "csv" or "jsonl"."""
    batches = ([line_document(event) for event in batch] for batch in lines.batches(tenant_id))
    return row_file(request, batches, columns=COLUMNS, kind=kind, name=name)
