"""How many requests one web process works on at once: as many as it has connections. The others wait.

Without it every request gets a thread, and a crowd of threads waits for a few connections: all become slow,
then all fail. Here they wait in the order in which they came, each for a few kilobytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Set in the scope of a request that waited too long; AdmissionMiddleware answers it.
LATE = "cutroom.is_late"
PROBES = frozenset({"/livez", "/readyz", "/metrics"})


class Admission:
    """An ASGI application in front of another, with `places` for requests; who waits longer than
    `patience_seconds` is let in marked as LATE.

    A place is taken when the request has arrived whole, so a slow sender holds none, and is free again when
    the answer begins, so neither a film nor live events hold one.
    """

    def __init__(self, application: Application, *, places: int, patience_seconds: float) -> None:
        self._application = application
        self._patience_seconds = patience_seconds
        self._places = asyncio.Semaphore(places)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._application(scope, receive, send)
            return
        visit = _Visit(self._places, scope)

        async def receive_whole() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                await visit.begin(patience_seconds=self._patience_seconds)
            return message

        async def send_first(message: Message) -> None:
            visit.end()
            await send(message)

        try:
            await self._application(scope, receive_whole, send_first)
        finally:
            visit.end()


class _Visit:
    """One request and its place."""

    def __init__(self, places: asyncio.Semaphore, scope: Scope) -> None:
        self._places = places
        self._scope = scope
        self._has_place = False

    async def begin(self, *, patience_seconds: float) -> None:
        try:
            await asyncio.wait_for(self._places.acquire(), patience_seconds)
        except TimeoutError:
            self._scope[LATE] = True
        else:
            self._has_place = True

    def end(self) -> None:
        if self._has_place:
            self._has_place = False
            self._places.release()
