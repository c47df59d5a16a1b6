"""Writes the rows of an export as JSON and CSV files, all from one snapshot of the database."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from gdpr.data_map import Model
from gdpr.export import values
from gdpr.export.selection import Subject, columns_of, excluded_of, masked_of, rows_of, tables_for
from tenants.context import row_key, tenant_context

BATCH = 500


@dataclass(frozen=True, kw_only=True)
class WrittenTable:
    """One table of the export: `<name>.json` and `<name>.csv` with as many rows."""

    model: str
    purpose: str
    name: str
    rows: int
    columns: list[str]
    excluded: list[str]


def write_tables(subject: Subject, folder: Path, *, tick: Callable[[int], None]) -> Iterator[WrittenTable]:
    """Write every table with rows for the subject into `folder`, one after the other.

    All see the database at one moment. Memory does not grow with the number of rows; `tick` is called every
    few hundred of them, and may raise to stop.
    """
    with _snapshot(), tenant_context(subject.tenant_id), row_key(subject.email):
        for each in tables_for(subject):
            yield _write(each, subject, folder, tick)


@contextmanager
def _snapshot() -> Iterator[None]:
    is_nested = connection.in_atomic_block
    with transaction.atomic():
        if not is_nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _write(each: Model, subject: Subject, folder: Path, tick: Callable[[int], None]) -> WrittenTable:
    columns, hidden = columns_of(each), masked_of(each)
    count = 0
    with (
        (folder / f"{each.label}.json").open("w", encoding="utf-8") as document,
        (folder / f"{each.label}.csv").open("w", encoding="utf-8", newline="") as sheet,
    ):
        table = csv.writer(sheet)
        table.writerow(columns)
        document.write("[")
        for row in _rows(each, subject, columns, hidden):
            document.write(("\n" if count == 0 else ",\n") + values.as_json(row))
            table.writerow([values.as_cell(value) for value in row.values()])
            count += 1
            if count % BATCH == 0:
                tick(0)
        document.write("\n]\n")
    return WrittenTable(
        model=each.label,
        purpose=each.table.purpose,
        name=each.label,
        rows=count,
        columns=columns,
        excluded=excluded_of(each),
    )


def _rows(each: Model, subject: Subject, columns: list[str], hidden: set[str]) -> Iterator[dict[str, Any]]:
    for row in rows_of(each, subject).values_list(*columns).iterator(chunk_size=BATCH):
        yield {
            name: values.masked(value) if name in hidden else values.plain(value)
            for name, value in zip(columns, row, strict=True)
        }
