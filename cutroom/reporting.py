"""Error reports to Sentry: what happened and where, and never to whom or about what."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from cutroom.logs import current_ids
from cutroom.scrubbing import plain, scrub

# What is named here leaves; what the SDK collects besides (request, user, breadcrumbs, extras) does not.
_EVENT = ("event_id", "timestamp", "level", "platform", "logger", "release", "environment", "sdk", "modules")
_EXCEPTION = ("type", "module", "thread_id")
_FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")
_SOURCE = ("pre_context", "context_line", "post_context")
_CONTEXTS = ("runtime", "os", "trace")
# A raw path may hold a title or a token; routes and task names are ours.
_NAMED_BY_US = frozenset({"route", "task", "view", "component"})


def start(dsn: str) -> None:
    """Send unhandled errors and error log lines to Sentry from now on."""
    sentry_sdk.init(dsn=dsn, **options())


def options() -> dict[str, Any]:
    """How the SDK is set up. The last word on what leaves has `before_send`."""
    return {
        "before_send": before_send,
        "max_request_body_size": "never",
        "include_local_variables": False,
        "max_breadcrumbs": 0,
        "auto_session_tracking": False,
    }


def before_send(event: Event, hint: Hint) -> Event:
    """The event with what is known to be harmless, and the ids that lead to the log."""
    raw: dict[str, Any] = dict(event)
    safe = {name: raw[name] for name in _EVENT if name in raw}
    safe["tags"] = current_ids()
    safe["contexts"] = {name: raw["contexts"][name] for name in _CONTEXTS if name in raw.get("contexts", {})}
    if "exception" in raw:
        safe["exception"] = {"values": [_exception(value) for value in raw["exception"].get("values", [])]}
    if "logentry" in raw:
        safe["logentry"] = {"message": scrub(str(raw["logentry"].get("message", "")))}
    if raw.get("transaction_info", {}).get("source") in _NAMED_BY_US:
        safe["transaction"] = raw.get("transaction")
    return safe  # type: ignore[return-value]  # an Event is a dict of optional members


def _exception(value: dict[str, Any]) -> dict[str, Any]:
    """Kind and place. The text is left out: it quotes whatever was wrong."""
    safe = {name: value[name] for name in _EXCEPTION if name in value}
    mechanism = value.get("mechanism") or {}
    safe["mechanism"] = {"type": plain(mechanism.get("type", "generic")), "handled": mechanism.get("handled")}
    frames = (value.get("stacktrace") or {}).get("frames", [])
    safe["stacktrace"] = {"frames": [_place(frame) for frame in frames]}
    return safe


def _place(frame: dict[str, Any]) -> dict[str, Any]:
    """Where, with the source around it, but without the values of variables."""
    source = {name: frame[name] for name in _SOURCE if name in frame}
    return {
        **{name: frame[name] for name in _FRAME if name in frame},
        **{
            name: [scrub(line) for line in text] if isinstance(text, list) else scrub(text or "")
            for name, text in source.items()
        },
    }
