"""Statements that run often: planned once a connection, their values sent beside the text.

Django's own cursors write values into the text, so PostgreSQL reads and plans every statement anew, and
psycopg's take longer than the server does. Both are right for most statements. The few on the hottest paths
come here and take less than half the time, and what begins a transaction takes one round trip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, LiteralString, cast
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import abc, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Row = tuple[Any, ...]


def fetch_all(statement: LiteralString, values: Mapping[str, Any]) -> list[Row]:
    """Run a statement with `%(name)s` placeholders on the default connection; its rows.

    Works as a Django cursor would, in the transaction that is open; raises Django's database errors. While
    somebody listens to queries (a test that counts them, a tracer) it is one of Django's cursors. Without
    `prepare_threshold` in the OPTIONS of the database nothing is prepared, for poolers that cannot have it.
    """
    # The proxy would look for the thread's connection at each use.
    connection = connections[DEFAULT_DB_ALIAS]
    ahead = [wrapper for wrapper in connection.execute_wrappers if isinstance(wrapper, _Statement)]
    if connection.queries_logged or len(ahead) < len(connection.execute_wrappers):
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    connection.execute_wrappers.clear()
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return _run(connection.connection, [*ahead, _Statement(statement, values)])


@contextmanager
def ahead_of_the_next(statement: LiteralString, values: Mapping[str, Any]) -> Iterator[None]:
    """Send a statement in front of the next one of the default connection, if another comes in here.

    Where that one is `fetch_all` and begins the transaction, all of it is one round trip. COPY is not seen.
    """
    waiting = _Statement(statement, values)
    wrappers = connections[DEFAULT_DB_ALIAS].execute_wrappers
    wrappers.append(waiting)
    try:
        yield
    finally:
        if waiting in wrappers:
            wrappers.remove(waiting)


@dataclass(frozen=True, eq=False)
class _Statement:
    """A statement that may wait among Django's execute_wrappers, which meet the next one of any cursor."""

    text: LiteralString
    values: Mapping[str, Any]

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        connections[DEFAULT_DB_ALIAS].execute_wrappers.remove(self)
        fetch_all(self.text, self.values)
        return execute(*arguments)


_BEGIN = _Statement("BEGIN", {})


# What each connection has prepared: the name by the text and the types of its values. Nothing here may hold
# the connection itself, which is closed when its thread forgets it.
_names: WeakKeyDictionary[psycopg.Connection, dict[tuple[bytes, tuple[int, ...]], bytes]] = (
    WeakKeyDictionary()
)


@dataclass(frozen=True)
class _Message:
    """A statement ready to be sent; without a name it was not prepared."""

    text: bytes
    name: bytes | None
    values: Sequence[bytes]
    adapter: abc.Transformer

    def send(self, pgconn: PGconn) -> None:
        if self.name is None:
            pgconn.send_query_params(self.text, self.values, self.adapter.types, self.adapter.formats)
        else:
            pgconn.send_query_prepared(self.name, self.values, self.adapter.formats)

    def execute(self, pgconn: PGconn) -> PGresult:
        if self.name is None:
            return pgconn.exec_params(self.text, self.values, self.adapter.types, self.adapter.formats)
        return pgconn.exec_prepared(self.name, self.values, self.adapter.formats)


def _run(plain: psycopg.Connection, statements: Sequence[_Statement]) -> list[Row]:
    begins = plain.pgconn.transaction_status == TransactionStatus.IDLE and not plain.autocommit
    if begins and plain.isolation_level is not None:
        # psycopg has to word the BEGIN.
        return [psycopg.Cursor(plain).execute(each.text, each.values) for each in statements][-1].fetchall()
    messages = [_message(plain, each) for each in ([_BEGIN, *statements] if begins else statements)]
    is_alone = len(messages) == 1
    results = [messages[0].execute(plain.pgconn)] if is_alone else _exchange(plain, messages)
    for result in results:
        _require_sound(plain, result)
    return _rows(messages[-1].adapter, results[-1])


def _message(plain: psycopg.Connection, statement: _Statement) -> _Message:
    text, names = _positional(statement.text)
    adapter = Transformer(plain)
    values = adapter.dump_sequence([statement.values[name] for name in names], [PyFormat.AUTO] * len(names))
    name = None if plain.prepare_threshold is None else _prepare(plain, text, adapter.types or ())
    # psycopg's types do not say that a value may be None, which is NULL; its own cursors pass it.
    return _Message(text, name, cast(Sequence[bytes], values), adapter)


def _prepare(plain: psycopg.Connection, text: bytes, types: tuple[int, ...]) -> bytes:
    names = _names.setdefault(plain, {})
    if (text, types) not in names:
        name = b"cutroom_%d" % len(names)
        _require_sound(plain, plain.pgconn.prepare(name, text, types))
        names[text, types] = name
    return names[text, types]


def _exchange(plain: psycopg.Connection, messages: Sequence[_Message]) -> list[PGresult]:
    """Send all, then wait once. After one that fails the server ignores the rest.

    https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
    """
    pgconn = plain.pgconn
    pgconn.enter_pipeline_mode()
    try:
        for message in messages:
            message.send(pgconn)
        pgconn.pipeline_sync()
        return plain.wait(_until_synced(pgconn))
    finally:
        _leave_pipeline(pgconn)


def _until_synced(pgconn: PGconn) -> abc.PQGen[list[PGresult]]:
    # `PGconn.get_result` would wait with every other thread of this process.
    yield from generators.send(pgconn)
    results: list[PGresult] = []
    while pgconn.status == ConnStatus.OK:
        result = yield from generators.fetch(pgconn)
        if result is None:
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            break
        results.append(result)
    return results


def _leave_pipeline(pgconn: PGconn) -> None:
    try:
        pgconn.exit_pipeline_mode()
    except psycopg.OperationalError:
        # Interrupted before all answers were there, so nobody may use it any more.
        pgconn.finish()


def _rows(adapter: abc.Transformer, result: PGresult) -> list[Row]:
    adapter.set_pgresult(result)
    return adapter.load_rows(0, result.ntuples, tuple)


def _require_sound(plain: psycopg.Connection, result: PGresult) -> None:
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
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
