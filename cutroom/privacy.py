"""Who may read the metrics: Prometheus, which knows the token, and processes of this machine."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from email.message import Message

from cutroom import conf

REFUSAL = "Send METRICS_TOKEN as a bearer token, or ask from the machine itself."

_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def may_read_metrics(headers: Mapping[str, str] | Message, *, address: str) -> bool:
    """Is the token given, or does this machine itself ask, and not a proxy on it for somebody else?"""
    is_forwarded = any(name in headers for name in _FORWARDED)
    return _has_token(headers.get("Authorization", "")) or (address in _LOOPBACK and not is_forwarded)


def _has_token(authorization: str) -> bool:
    token = conf.metrics_token()
    scheme, _, given = authorization.partition(" ")
    is_given = secrets.compare_digest(given.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and is_given
