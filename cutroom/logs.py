"""Structured logs: one JSON object a line, with the ids of the request and no personal data."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from cutroom.scrubbing import plain, scrub, traceback_text

_context: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request"}


@contextmanager
def log_context(**ids: str) -> Iterator[None]:
    """Add ids to every line logged inside: request_id, tenant_id, user_id, job_id, step_id, task."""
    token = _context.set({**(_context.get() or {}), **ids})
    try:
        yield
    finally:
        _context.reset(token)


def current_ids() -> dict[str, str]:
    """The ids that a line logged now would carry."""
    return dict(_context.get() or {})


def current_request_id() -> str:
    """The id of the request being answered; empty outside one."""
    return current_ids().get("request_id", "")


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON: at, level, logger, event, ids, extras, and a traceback if there is one.

    Values are ids, codes and numbers; sentences are replaced, because they may be anybody's text. With
    `shows_errors`, for development, the text of exceptions is shown.
    """

    def __init__(self, *, shows_errors: bool = False) -> None:
        super().__init__()
        self._shows_errors = shows_errors

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        extras = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event_of(record),
            **current_ids(),
            **plain(extras),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = self._traceback(record)
        return json.dumps(line)

    def _traceback(self, record: logging.LogRecord) -> str:
        exc_info: Any = record.exc_info
        return self.formatException(exc_info) if self._shows_errors else traceback_text(exc_info[1])


class RouteFilter(logging.Filter):
    """Django logs failed requests by path, and a path may hold a title; this names the route instead.

    It also takes every 5xx for a fault. One without an exception is a refusal that we chose, such as 503
    while the store is away: a warning, so that an outage does not flood the error reports.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; the record loses its path, and a refusal its level."""
        if not record.exc_info and record.levelno == logging.ERROR:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        record.msg, record.args = "request_failed", ()
        record.route = match.route if match else ""
        return True


def event_of(record: logging.LogRecord) -> str:
    """The message with its arguments, each of them only if it is an id, a code or a number."""
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    template = scrub(str(record.msg))
    if not record.args:
        return template
    is_named = isinstance(record.args, Mapping)
    arguments = plain(record.args) if is_named else tuple(plain(argument) for argument in record.args)
    try:
        return template % arguments
    except (TypeError, ValueError, KeyError):
        # The template wanted a number where a text was hidden.
        return template
