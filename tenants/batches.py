"""Many rows of a table that only grows, for bodies that are sent after the transaction of the request."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model, Q, QuerySet

ROWS = 1000

Row = TypeVar("Row", bound=Model)
Within = Callable[[], AbstractContextManager[object]]


def in_batches(
    chosen: Callable[[], QuerySet[Row]], *, within: Within = nullcontext, using: str = "default"
) -> Generator[list[Row]]:
    """The chosen rows, oldest first by `at` and `id`, ROWS at a time, each batch in a `within` of its own.

    Nothing is held between two batches. `using` is the connection that the rows come through.
    """
    after: Any = None
    while batch := _batch(chosen, after, within=within, using=using):
        yield batch
        if len(batch) < ROWS:
            return
        after = batch[-1]


def _batch(chosen: Callable[[], QuerySet[Row]], after: Any, *, within: Within, using: str) -> list[Row]:
    try:
        with within():
            rows = chosen().order_by("at", "id")
            if after is not None:
                # The first condition is where the index starts, the second what is new there.
                rows = rows.filter(at__gte=after.at).filter(Q(at__gt=after.at) | Q(pk__gt=after.pk))
            return list(rows[:ROWS])
    finally:
        # The thread may never come back for the next batch.
        if not connections[using].in_atomic_block:
            connections[using].close()
