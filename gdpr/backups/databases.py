"""Whole databases: create one aside, drop it, let two change places. Done by the owner role."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import LiteralString

import psycopg
from psycopg import sql

from gdpr.backups.errors import BackupError, Refused
from gdpr.backups.postgres import Address
from tenants import conf as tenants

# Databases that every server has; one of them is a place to stand while ours is renamed.
_STANDS = ("postgres", "template1")
DRAIN_SECONDS = 20.0


def exists(name: str) -> bool:
    """Is there a database of that name?"""
    with _server() as server:
        return _exists(server, name)


def is_installed() -> bool:
    """Is the live database there, with tables? Not after a total loss, nor on a new server."""
    name = Address.of("owner").name
    return exists(name) and not is_empty(name)


def is_empty(name: str) -> bool:
    """Does the database have no table, as on a server that was set up a moment ago?"""
    with Address.of("owner", name=name).connect() as connection:
        found = connection.execute("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')")
        return found.fetchone() == (False,)


def create(name: str) -> None:
    """Make an empty database that the installation's roles may enter and nobody else. Raises BackupError."""
    with _server() as server:
        try:
            _run(server, "CREATE DATABASE {} TEMPLATE template0", name)
        except psycopg.errors.InsufficientPrivilege as error:
            raise BackupError("The owner role may not create databases; grant it CREATEDB.") from error
        _run(server, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
        roles = {tenants.role("default"), tenants.role("ops"), tenants.backup_role()} - {""}
        for role in sorted(roles):
            _run(server, "GRANT CONNECT ON DATABASE {} TO {}", name, role)


def drop(name: str) -> None:
    """Remove a database if it is there, connections of our own role included."""
    with _server() as server:
        _end_connections(server, name)
        _run(server, "DROP DATABASE IF EXISTS {}", name)


def rename(name: str, to: str) -> None:
    """Give a database another name. Raises Refused while somebody is connected."""
    with _server() as server:
        _when_empty(server, [name], lambda: _run(server, "ALTER DATABASE {} RENAME TO {}", name, to))


def swap(live: str, aside: str, *, kept_as: str) -> None:
    """`aside` becomes `live`, and `live` becomes `kept_as`: both or neither.

    Raises Refused when programs stay connected to `live`; it is then as it was.
    """
    with _server() as server:
        if not _exists(server, live):
            _run(server, "ALTER DATABASE {} RENAME TO {}", aside, live)
            return

        def exchange() -> None:
            with server.transaction():
                _run(server, "ALTER DATABASE {} RENAME TO {}", live, kept_as)
                _run(server, "ALTER DATABASE {} RENAME TO {}", aside, live)

        _when_empty(server, [live, aside], exchange)


def _when_empty(server: psycopg.Connection, names: Sequence[str], deed: Callable[[], None]) -> None:
    """Do the deed as soon as nobody is connected to any of the databases. Raises Refused when that fails."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        for name in names:
            _end_connections(server, name)
        try:
            deed()
        except psycopg.errors.ObjectInUse as error:
            if time.monotonic() > deadline:
                raise Refused(_guests(server, names)) from error
            time.sleep(0.2)
        else:
            return


def _end_connections(server: psycopg.Connection, name: str) -> None:
    """End what the owner may end: its own role's connections, and others' where it was granted that."""
    rows = server.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [name]).fetchall()
    for (pid,) in rows:
        with suppress(psycopg.errors.InsufficientPrivilege):
            server.execute("SELECT pg_terminate_backend(%s)", [pid])


def _guests(server: psycopg.Connection, names: Sequence[str]) -> str:
    rows = server.execute(
        # PostgreSQL's own helpers, such as autovacuum, come and go and hold nothing up.
        "SELECT usename, count(*) FROM pg_stat_activity "
        "WHERE datname = ANY(%s) AND usename IS NOT NULL GROUP BY 1 ORDER BY 1",
        [list(names)],
    ).fetchall()
    who = ", ".join(f"{count} of role {role}" for role, count in rows) or "somebody"
    return f"The database is in use ({who}). Stop web, worker and beat, then restore again."


def _exists(server: psycopg.Connection, name: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _run(server: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    """The owner on one of the databases that every server has."""
    trouble: BackupError | None = None
    for name in _STANDS:
        try:
            connection = Address.of("owner", name=name).connect(autocommit=True)
        except BackupError as error:
            trouble = error
            continue
        with connection:
            yield connection
        return
    raise trouble or BackupError("No database server answers.")
