"""Statements that run often: planned once a connection, their values sent beside the text.

Django's own cursors write values into the text, so PostgreSQL reads and plans every statement anew. That is
right for most of them. The few on the hottest paths come here and take about half the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg.pq import TransactionStatus


def fetch_all(statement: LiteralString, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement with `%(name)s` placeholders on the default connection; its rows.

    Works as a Django cursor would, in the transaction that is open; raises Django's database errors. While
    somebody listens to queries (a test that counts them, a tracer) it is one of Django's cursors. Without
    `prepare_threshold` in the OPTIONS of the database nothing is prepared, for poolers that cannot have it.
    """
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        own = psycopg.Cursor(connection.connection)
        with _one_round_trip():
            own.execute(statement, values, prepare=True)
        return own.fetchall()


def _one_round_trip() -> AbstractContextManager[object]:
    """The first statement of a transaction goes out together with its BEGIN; others need no pipeline."""
    plain: psycopg.Connection = connection.connection
    is_first = not plain.autocommit and plain.info.transaction_status == TransactionStatus.IDLE
    return plain.pipeline() if is_first else nullcontext()
