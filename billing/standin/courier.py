"""Carries events to the webhook: signed, to the real address, through all the middleware.

Stripe promises neither order nor once. Tests ask for the worst; development gets one try each, in order.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connections

from billing.standin import state
from billing.standin.state import Thing


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How events travel: shuffled by a seed, in several copies, all at the same time."""

    seed: int | None = None
    copies: int = 1
    is_parallel: bool = False


IN_ORDER = Delivery()


def deliver(how: Delivery = IN_ORDER) -> dict[str, int]:
    """Bring every waiting event to its endpoint; the status of each event's last copy, by event id.

    What was refused with 5xx waits for the next delivery, as Stripe would try again.
    """
    with state.opened() as store:
        endpoints = store.find("webhook_endpoint", status="enabled")
        events = [store.get(event_id, "event") for event_id in store.data["undelivered"]]
    if not endpoints:
        return {}
    letters = [
        (event, endpoints[0]) for event in events for _ in range(how.copies) if _wants(endpoints[0], event)
    ]
    if how.seed is not None:
        random.Random(how.seed).shuffle(letters)  # noqa: S311  # an order, not a secret
    statuses = _post_all(letters, how)
    with state.opened() as store:
        done = {event["id"] for event in events if statuses.get(event["id"], 200) < 500}
        store.data["undelivered"] = [each for each in store.data["undelivered"] if each not in done]
    return statuses


def sign(body: bytes, secret: str, *, at: int | None = None) -> str:
    """The header Stripe-Signature. https://docs.stripe.com/webhooks#verify-manually"""
    moment = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(event: Thing, endpoint: Thing) -> int:
    """Bring one event to one endpoint; the status of the answer."""
    body = json.dumps(event).encode()
    return _answer(urlsplit(endpoint["url"]), body, sign(body, endpoint["secret"]))


def _answer(url: SplitResult, body: bytes, signature: str) -> int:
    """In this process, because a development server with one worker could not answer itself.

    Without WSGIHandler.__call__, whose signals would close the connection of a request that waits for us.
    """
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": url.path,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_STRIPE_SIGNATURE": signature,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body),
    }
    return int(_handler().get_response(WSGIRequest(environ)).status_code)


@cache
def _handler() -> WSGIHandler:
    return WSGIHandler()


def _post_all(letters: list[tuple[Thing, Thing]], how: Delivery) -> dict[str, int]:
    if not how.is_parallel:
        return {event["id"]: post(event, endpoint) for event, endpoint in letters}
    with ThreadPoolExecutor(max(len(letters), 1)) as pool:
        statuses = pool.map(_post_and_close, letters)
        return {event["id"]: status for (event, _), status in zip(letters, statuses, strict=True)}


def _post_and_close(letter: tuple[Thing, Thing]) -> int:
    try:
        return post(*letter)
    finally:
        connections.close_all()


def _wants(endpoint: Thing, event: Thing) -> bool:
    wanted: Any = endpoint["enabled_events"]
    return "*" in wanted or event["type"] in wanted
