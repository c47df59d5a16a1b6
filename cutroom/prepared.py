"""Statements that run often: planned once a connection, their values sent beside the text.

Django's own cursors write values into the text, so PostgreSQL reads and plans every statement anew. That is
right for most of them. The few on the hottest paths come here and take about half the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, TransactionStatus


def fetch_all(statement: LiteralString, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement with `%(name)s` placeholders on the default connection; its rows.

    Works as a Django cursor would, in the transaction that is open; raises Django's database errors. While
    somebody listens to queries (a test that counts them, a tracer) it is one of Django's cursors. Without
    `prepare_threshold` in the OPTIONS of the database nothing is prepared, for poolers that cannot have it.
    """
    # The proxy would look for the thread's connection at each use.
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    plain: psycopg.Connection = connection.connection
    with connection.wrap_database_errors:
        if _opens_a_transaction(plain):
            return _with_begin(plain, statement, values)
        return psycopg.Cursor(plain).execute(statement, values, prepare=True).fetchall()


def _opens_a_transaction(plain: psycopg.Connection) -> bool:
    """With another isolation level psycopg has to word the BEGIN."""
    is_idle = plain.info.transaction_status == TransactionStatus.IDLE
    return is_idle and not plain.autocommit and plain.isolation_level is None


def _with_begin(
    plain: psycopg.Connection, statement: LiteralString, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Send the first statement of a transaction together with its BEGIN: one round trip, no pipeline.

    The values are written into the text, as two statements in one message have no parameters.
    """
    written = psycopg.ClientCursor(plain).mogrify(statement, values)
    result = plain.pgconn.exec_(f"BEGIN; {written}".encode(plain.info.encoding))
    if plain.closed:
        raise psycopg.OperationalError(plain.pgconn.get_error_message())
    if result.status != ExecStatus.TUPLES_OK:
        raise psycopg.errors.error_from_result(result, encoding=plain.info.encoding)
    rows = Transformer(plain)
    rows.set_pgresult(result)
    return rows.load_rows(0, result.ntuples, tuple)
