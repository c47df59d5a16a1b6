"""Rows as a file: CSV (RFC 4180) or JSON lines, made batch by batch while it is sent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from tenants.downloads import stream

Rows = list[dict[str, Any]]


def row_file(
    request: HttpRequest, batches: Iterable[Rows], *, columns: Sequence[str], kind: str, name: str
) -> StreamingHttpResponse:
    """Answer with the rows as a file `<name>.<kind>`; `kind` is a key of FORMS, `columns` their members.

    The memory it takes does not grow with the number of rows.
    """
    content_type, write = FORMS[kind]
    return StreamingHttpResponse(
        stream(request, write(columns, batches)),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "Cache-Control": "private, no-store",
            "X-Accel-Buffering": "no",
        },
    )


def _csv(columns: Sequence[str], batches: Iterable[Rows]) -> Generator[bytes]:
    yield _rows_of_csv(columns, [dict(zip(columns, columns, strict=True))])
    for batch in batches:
        yield _rows_of_csv(columns, batch)


def _rows_of_csv(columns: Sequence[str], rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _jsonl(_columns: Sequence[str], batches: Iterable[Rows]) -> Generator[bytes]:
    for batch in batches:
        yield "".join(f"{json.dumps(row)}\n" for row in batch).encode()


FORMS: dict[str, tuple[str, Callable[[Sequence[str], Iterable[Rows]], Generator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "jsonl": ("application/jsonl", _jsonl),
}
