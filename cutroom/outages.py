"""Which errors of the database mean "not now": the same request, or the same write, may work later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# https://www.postgresql.org/docs/current/errcodes-appendix.html
READ_ONLY = "25006"
CONFLICTS = frozenset({"40001", "40P01"})
_PAUSE_SECONDS = 0.5


def is_passing(error: BaseException | None) -> bool:
    """No connection, too many of them, a restart, a read-only standby, a time-out, a lost race."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error, DatabaseError) and code_of(error) == READ_ONLY


def is_conflict(error: BaseException | None) -> bool:
    """Two transactions met and this one was chosen to begin anew: serialization failure or deadlock."""
    return isinstance(error, DatabaseError) and code_of(error) in CONFLICTS


def code_of(error: BaseException) -> str:
    """The SQLSTATE behind an error of Django's; empty when there was no answer to take one from."""
    return str(getattr(error.__cause__, "sqlstate", None) or "")


def patiently(deed: Callable[[], Answer], *, seconds: float) -> Answer:
    """Do a deed, and again after an error that may pass, until `seconds` are over.

    The deed opens its own transaction and may be repeated: whether a lost commit counted, it finds out.
    """
    ends = time.monotonic() + seconds
    while True:
        try:
            return deed()
        except DatabaseError as error:
            if not is_passing(error) or connection.in_atomic_block or time.monotonic() > ends:
                raise
            logger.warning("database_unavailable", extra={"sqlstate": code_of(error)})
        connection.close()
        time.sleep(_PAUSE_SECONDS)
