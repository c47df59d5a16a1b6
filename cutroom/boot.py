"""The gate before production: no process serves or works with settings that would be unsafe."""

from __future__ import annotations

import sys
from typing import Any

from django.core import checks
from django.db import connections

from cutroom import conf

# The checks that guard people's data. Others, such as the schema of the API, are `make check`'s.
_TAGS = (checks.Tags.security, checks.Tags.database)


def refuse_unsafe() -> None:
    """End the process, with a sentence for each reason, when a production start would be unsafe.

    Does nothing in development and tests. The database is asked what its roles may do; when it does not
    answer, that question waits for `manage.py doctor`.
    """
    if not conf.is_production():
        return
    messages = checks.run_checks(tags=_TAGS, include_deployment_checks=True, databases=["default"])
    _let_go_of_the_database()
    reasons = [message for message in messages if message.level >= checks.ERROR and not message.is_silenced()]
    if reasons:
        sys.exit("\n".join(["Cutroom does not start:", *map(_sentence, reasons)]))


def _sentence(message: checks.CheckMessage) -> str:
    return f"  {message.msg} {message.hint or ''}".rstrip()


def _let_go_of_the_database() -> None:
    # The worker forks next, and two processes must not share a connection.
    connection: Any = connections["default"]
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
