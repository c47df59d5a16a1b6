"""Statements that run often: planned once a connection, their values sent beside the text.

Django's own cursors write values into the text, so PostgreSQL reads and plans every statement anew, and
psycopg's take longer than the server does. Both are right for most statements. The few on the hottest paths
come here and take less than half the time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, LiteralString, cast
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

# What each connection has prepared: the name by the text and the types of its values.
_names: WeakKeyDictionary[psycopg.Connection, dict[tuple[bytes, tuple[int, ...]], bytes]] = (
    WeakKeyDictionary()
)


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
    with connection.wrap_database_errors:
        return _run(connection.connection, statement, values)


def _run(
    plain: psycopg.Connection, statement: LiteralString, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    begins = plain.pgconn.transaction_status == TransactionStatus.IDLE and not plain.autocommit
    # With another isolation level psycopg has to word the BEGIN.
    if begins and plain.isolation_level is None:
        return _with_begin(plain, statement, values)
    if begins or plain.prepare_threshold is None:
        return psycopg.Cursor(plain).execute(statement, values).fetchall()
    return _planned(plain, statement, values)


def _with_begin(
    plain: psycopg.Connection, statement: LiteralString, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Send the first statement of a transaction together with its BEGIN: one round trip, no pipeline.

    The values are written into the text, as two statements in one message have no parameters.
    """
    written = psycopg.ClientCursor(plain).mogrify(statement, values)
    result = plain.pgconn.exec_(f"BEGIN; {written}".encode(plain.info.encoding))
    return _rows(plain, Transformer(plain), result)


def _planned(
    plain: psycopg.Connection, statement: LiteralString, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    text, names = _positional(statement)
    adapter = Transformer(plain)
    given = adapter.dump_sequence([values[name] for name in names], [PyFormat.AUTO] * len(names))
    name = _prepare(plain, text, adapter.types or ())
    # psycopg's types do not say that a value may be None, which is NULL; its own cursors pass it.
    result = plain.pgconn.exec_prepared(name, cast(Sequence[bytes], given), adapter.formats)
    return _rows(plain, adapter, result)


def _prepare(plain: psycopg.Connection, text: bytes, types: tuple[int, ...]) -> bytes:
    names = _names.setdefault(plain, {})
    if (text, types) not in names:
        name = b"cutroom_%d" % len(names)
        _require(plain, plain.pgconn.prepare(name, text, types), ExecStatus.COMMAND_OK)
        names[text, types] = name
    return names[text, types]


def _rows(plain: psycopg.Connection, adapter: abc.Transformer, result: PGresult) -> list[tuple[Any, ...]]:
    _require(plain, result, ExecStatus.TUPLES_OK)
    adapter.set_pgresult(result)
    return adapter.load_rows(0, result.ntuples, tuple)


def _require(plain: psycopg.Connection, result: PGresult, status: ExecStatus) -> None:
    if result.status == status:
        return
    if plain.closed:
        raise psycopg.OperationalError(plain.pgconn.get_error_message())
    raise psycopg.errors.error_from_result(result, encoding=plain.info.encoding)


@lru_cache
def _positional(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement as PostgreSQL reads it, with $1 for each `%(name)s`, and the names in that order."""
    names = tuple(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement)
    return text.replace("%%", "%").encode(), names
