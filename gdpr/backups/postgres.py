"""PostgreSQL from outside: its programs, its databases, and what is in one, as a snapshot shows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from cutroom.embedded import EmbeddedError, cluster
from gdpr import conf
from gdpr.backups.errors import BackupError
from gdpr.backups.stores import Writer

# Text of a row must not depend on who asks.
_PLAIN = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'"
)
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
# A sum of hashes does not depend on the order of the rows; md5 is the same in every release.
_CHECKSUM = """
SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text FROM {} t
"""


@dataclass(frozen=True, kw_only=True)
class Table:
    """How many rows a table has, and a checksum over all of them, whatever their order."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class Address:
    """One database, as one role reaches it."""

    host: str
    port: str
    user: str
    password: str
    name: str

    @classmethod
    def of(cls, role: str, *, name: str = "") -> Address:
        """The installation's database, or the one called `name`, as `owner` or `backup`."""
        given = conf.database(role)
        return cls(
            host=given["HOST"] or "",
            port=str(given["PORT"] or ""),
            user=given["USER"],
            password=given["PASSWORD"],
            name=name or given["NAME"],
        )

    def environment(self) -> dict[str, str]:
        """For libpq programs: a password on a command line could be read by every user of the machine."""
        values = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.name,
            "PGAPPNAME": "cutroom backup",
            "PGCONNECT_TIMEOUT": "10",
        }
        inherited = {name: value for name, value in os.environ.items() if name.startswith(("PGSSL", "PATH"))}
        return {**inherited, "LC_ALL": "C", **{name: value for name, value in values.items() if value}}

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """A connection of our own. Raises BackupError when the server or the database does not answer."""
        try:
            return psycopg.connect(
                host=self.host or None,
                port=self.port or None,
                user=self.user,
                password=self.password,
                dbname=self.name,
                connect_timeout=10,
                autocommit=autocommit,
                application_name="cutroom backup",
            )
        except psycopg.OperationalError as error:
            raise BackupError(f"The database {self.name} cannot be reached: {error}") from error


class Snapshot:
    """One moment of a database: everything read through it, and every dump that names it, agrees."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        connection.execute(_PLAIN)
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self.id = str(self._row("SELECT pg_export_snapshot()")[0])

    @property
    def server_version(self) -> int:
        """The major version of the server."""
        return int(self._row("SHOW server_version_num")[0]) // 10_000

    @property
    def size(self) -> int:
        """Bytes that the database takes on the server's disk."""
        return int(self._row("SELECT pg_database_size(current_database())")[0])

    def tables(self) -> dict[str, Table]:
        """Every table of the schema with its count and checksum."""
        names = [row[0] for row in self.connection.execute(_TABLES).fetchall()]
        return {name: self._table(name) for name in names}

    def migrations(self) -> list[str]:
        """The migrations that have run, as app.name, sorted."""
        rows = self.connection.execute("SELECT app || '.' || name FROM django_migrations").fetchall()
        return sorted({row[0] for row in rows})

    def _table(self, name: str) -> Table:
        rows, checksum = self._row(sql.SQL(_CHECKSUM).format(sql.Identifier(name)))
        return Table(rows=rows, checksum=checksum)

    def _row(self, statement: Any) -> tuple[Any, ...]:
        return self.connection.execute(statement).fetchone() or ()


@contextmanager
def snapshot(address: Address) -> Iterator[Snapshot]:
    """Hold one moment of the database for the length of the block. Nobody waits for it."""
    with address.connect() as connection:
        yield Snapshot(connection)


class Dump:
    """A running pg_dump as a stream. Its end is reported only when pg_dump says that all went well."""

    def __init__(self, address: Address, seen: Snapshot) -> None:
        command = [program("pg_dump", server=seen.server_version), "--format=custom", "--compress=none"]
        command += [f"--snapshot={seen.id}", "--lock-wait-timeout=60s", "--no-password"]
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `close`
        self.process: Any = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.complaints, env=address.environment()
        )

    def read(self, size: int = -1) -> bytes:
        """A piece of the dump. Raises BackupError when pg_dump failed; a pipe alone would hide that."""
        piece: bytes = self.process.stdout.read(size)
        if not piece and self.process.wait() != 0:
            raise BackupError(f"pg_dump failed: {_last_words(self.complaints)}")
        return piece

    def close(self) -> None:
        """End it; harmless when it has ended."""
        self.process.kill()
        self.process.communicate()
        self.complaints.close()


@contextmanager
def dump(address: Address, seen: Snapshot) -> Iterator[Dump]:
    """pg_dump of a snapshot, ended with the block."""
    running = Dump(address, seen)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def loading(address: Address, *, server: int) -> Iterator[IO[bytes]]:
    """A running pg_restore as a place to write a dump to, all of it in one transaction.

    Raises BackupError when pg_restore did not take everything.
    """
    command = [program("pg_restore", server=server), f"--dbname={address.name}", "--no-owner"]
    command += ["--exit-on-error", "--single-transaction", "--no-password"]
    with _fed(command, address.environment()) as pipe:
        yield pipe


@contextmanager
def listing(*, server: int) -> Iterator[Writer]:
    """A running `pg_restore --list` as a place to write a dump to: is its table of contents sound?"""
    with _fed([program("pg_restore", server=server), "--list"], {"LC_ALL": "C"}) as pipe:
        yield _UntilItHasEnough(pipe)


class _UntilItHasEnough:
    """A pipe to a program that stops reading after the beginning, which is its right."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe, self.has_enough = pipe, False

    def write(self, piece: bytes) -> int:
        if not self.has_enough:
            try:
                self.pipe.write(piece)
            except BrokenPipeError:
                self.has_enough = True
        return len(piece)


@contextmanager
def _fed(command: Sequence[str], environment: dict[str, str]) -> Iterator[IO[bytes]]:
    """A program and the pipe to its input. Raises BackupError with its own words when it fails."""
    with tempfile.TemporaryFile() as complaints:
        process: Any = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints, env=environment
        )
        try:
            # It gave up before the end when the pipe breaks; its words below say why.
            with suppress(BrokenPipeError):
                yield process.stdin
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
        if process.returncode != 0:
            raise BackupError(f"{Path(command[0]).name} failed: {_last_words(complaints)}")


@cache
def program(name: str, *, server: int) -> str:
    """The path of a PostgreSQL program that understands a server of that major version.

    Looked for in GDPR_POSTGRES_PROGRAMS, in the embedded server's wheel, on the PATH. Raises BackupError.
    """
    for path in filter(None, _candidates(name)):
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"(\d+)", answer.stdout)
        if found and int(found[1]) >= server:
            return path
    raise BackupError(
        f"No {name} for PostgreSQL {server} was found; install its client programs and set POSTGRES_PROGRAMS."
    )


def _candidates(name: str) -> Iterator[str | None]:
    if conf.postgres_programs():
        yield shutil.which(name, path=conf.postgres_programs())
        return
    with suppress(EmbeddedError):
        yield shutil.which(name, path=cluster.programs())
    yield shutil.which(name)


def _last_words(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace").strip()[-1000:] or "it said nothing"
