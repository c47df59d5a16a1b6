"""One backup at a time: an advisory lock that PostgreSQL drops when its holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gdpr.backups import databases
from gdpr.backups.errors import Locked
from gdpr.backups.postgres import Address

_NAME = "hashtextextended('cutroom backup', 0)"


@contextmanager
def only_one(*, is_shared: bool = False) -> Iterator[None]:
    """Hold the lock of this database's backups. Checks share it; they only keep objects from being removed.

    Raises Locked when somebody else holds it. After a total loss there is no database, and nobody waits.
    """
    if not databases.exists(Address.of("owner").name):
        yield
        return
    call = "pg_try_advisory_lock_shared" if is_shared else "pg_try_advisory_lock"
    with Address.of("backup").connect(autocommit=True) as connection:
        if connection.execute(f"SELECT {call}({_NAME})").fetchone() != (True,):
            raise Locked("Another backup, check or restore is running; try again when it has ended.")
        yield
