"""The ledger as a file: CSV (RFC 4180) or JSON lines, made batch by batch while it is sent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse

from metering.history import Lines
from metering.meters import Meter
from metering.models import UsageEvent
from metering.periods import LEVEL_START
from tenants.downloads import stream

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
    """Answer with the chosen lines, oldest first, as a file `<name>.<kind>`; `kind` is a key of FORMS.

    The memory it takes does not grow with the ledger.
    """
    content_type, write = FORMS[kind]
    return StreamingHttpResponse(
        stream(request, write(tenant_id, lines)),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "Cache-Control": "private, no-store",
            "X-Accel-Buffering": "no",
        },
    )


def _csv(tenant_id: UUID, lines: Lines) -> Generator[bytes]:
    yield _rows_of_csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    for batch in lines.batches(tenant_id):
        yield _rows_of_csv([line_document(event) for event in batch])


def _rows_of_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.DictWriter(text, COLUMNS).writerows(rows)
    return text.getvalue().encode()


def _jsonl(tenant_id: UUID, lines: Lines) -> Generator[bytes]:
    for batch in lines.batches(tenant_id):
        yield "".join(f"{json.dumps(line_document(event))}\n" for event in batch).encode()


FORMS: dict[str, tuple[str, Callable[[UUID, Lines], Generator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "jsonl": ("application/jsonl", _jsonl),
}
