"""/api/v1/renders/{render_id}/events: a render's life as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from cutroom import clock
from cutroom.errors import NotFound
from cutroom.negotiation import OneForm
from cutroom.schema import problems
from rendering import selectors
from rendering.api.render_document import StepSerializer, render_document
from rendering.models import RenderJob, RenderStep
from tenants.context import tenant_context
from tenants.http import Principal
from tenants.roles import Capability

POLL_SECONDS = 1.0
COMMENT_SECONDS = 15.0
# Clients come back with Last-Event-ID; coming back proves their session is still alive.
STREAM_SECONDS = 300.0
# A change is written before it is committed, perhaps by a machine whose clock is a little off.
_OVERLAP = timedelta(seconds=5)
_DONE = "done"

_EXAMPLE = """id: 1767225600000
event: progress
data: {"state": "running", "progress": 40, "seconds_left": 12}

id: 1767225600000
event: step
data: {"kind": "segment", "scene": 2, "part": 1, "state": "succeeded", "attempt": 1, …}
"""


@dataclass
class Watch:
    """What one listener has been told about one render. `since` is where it left off, if it came back."""

    tenant_id: UUID
    render_id: UUID
    since: datetime | None = None
    told: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    told_progress: tuple[Any, ...] | None = None
    is_over: bool = False

    def look(self) -> list[str]:
        """The events since the last look, `done` being the last ever. One short transaction."""
        try:
            with tenant_context(self.tenant_id):
                return list(self._news(clock.now()))
        except NotFound:
            self.is_over = True
            return []
        finally:
            # Nothing is held while the listener waits.
            if not connection.in_atomic_block:
                connection.close()

    def _news(self, at: datetime) -> Iterator[str]:
        job = selectors.render(self.render_id)
        event_id = _event_id(at)
        for step in sorted(self._changed_steps(job), key=_changed_at):
            # The moment of the change: a listener cut off between two steps comes back for the second.
            yield _event("step", _event_id(_changed_at(step)), dict(StepSerializer(step).data))
        # `done` says it too, and whoever is cut off after each event must come to hear that one.
        if not (job.is_final and self._is_back()):
            yield from self._progress(job, event_id, at)
        if job.is_final:
            self.is_over = True
            yield _event(_DONE, f"{event_id}-{_DONE}", render_document(job, at=at))

    def _changed_steps(self, job: RenderJob) -> Iterator[RenderStep]:
        for step in selectors.job_steps(job).defer("inputs", "output", "charges"):
            seen = (step.state, step.attempt, step.is_cached, step.degraded, step.error)
            if self.told.get(step.pk) != seen:
                is_old = step.pk not in self.told and self._has_heard(step, job)
                self.told[step.pk] = seen
                if not is_old:
                    yield step

    def _progress(self, job: RenderJob, event_id: str, at: datetime) -> Iterator[str]:
        progress = (job.state, job.progress)
        if progress != self.told_progress:
            self.told_progress = progress
            left = selectors.seconds_left(job, at)
            yield _event(
                "progress", event_id, {"state": job.state, "progress": job.progress, "seconds_left": left}
            )

    def _is_back(self) -> bool:
        """Does the listener come back, and has been told nothing since?"""
        return self.since is not None and self.told_progress is None

    def _has_heard(self, step: RenderStep, job: RenderJob) -> bool:
        """Did the listener hear of this step's present state before it came back?

        Of a job that goes on, some moments are told twice. Of one that has ended none is, or who is cut off
        after each event would hear the same one for ever.
        """
        if self.since is None:
            return False
        overlap = timedelta() if job.is_final else _OVERLAP
        return _milliseconds(_changed_at(step)) <= _milliseconds(self.since - overlap)


class RenderEventsAPI(APIView):
    """GET /api/v1/renders/{render_id}/events"""

    capability = Capability.USE_PRODUCT

    content_negotiation_class = OneForm

    @extend_schema(
        operation_id="renders_events",
        tags=["renders"],
        parameters=[OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER)],
        responses={
            (200, "text/event-stream"): OpenApiResponse(
                str,
                description="Events `progress`, `step` and, at the end, `done` with the whole render",
                examples=[OpenApiExample("Running", value=_EXAMPLE, media_type="text/event-stream")],
            ),
            204: OpenApiResponse(description="Last-Event-ID is that of `done`: nothing more will come"),
            **problems(NotFound),
        },
    )
    def get(self, request: Request, render_id: UUID) -> HttpResponseBase:
        """Follow a render until it ends. Come back with Last-Event-ID to go on where you left off."""
        job = selectors.render(render_id)
        last_id = request.headers.get("Last-Event-ID", "")
        if last_id.endswith(_DONE) and job.is_final:
            return HttpResponse(status=204)
        principal = cast(Principal, request.user)
        watch = Watch(tenant_id=principal.tenant_id, render_id=render_id, since=_moment(last_id))
        response = StreamingHttpResponse(
            _stream(watch) if isinstance(request._request, ASGIRequest) else _glance(watch),
            content_type="text/event-stream",
        )
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
        return response


async def _stream(watch: Watch) -> AsyncIterator[str]:
    """Look about once a second; a comment now and then keeps proxies from hanging up."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + STREAM_SECONDS
    spoke_at = loop.time()
    while True:
        news = await sync_to_async(watch.look)()
        if news:
            spoke_at = loop.time()
            yield "".join(news)
        elif loop.time() - spoke_at >= COMMENT_SECONDS:
            spoke_at = loop.time()
            yield ": still here\n\n"
        if watch.is_over or loop.time() >= ends_at:
            return
        await asyncio.sleep(POLL_SECONDS)


def _glance(watch: Watch) -> Iterator[str]:
    """Under WSGI a waiting stream would block a worker: answer what is known, and the client comes back."""
    yield f"retry: {int(POLL_SECONDS * 1000)}\n\n"
    yield from watch.look()


def _event(name: str, event_id: str, data: dict[str, Any]) -> str:
    return f"id: {event_id}\nevent: {name}\ndata: {json.dumps(data, cls=DjangoJSONEncoder)}\n\n"


def _event_id(at: datetime) -> str:
    return str(_milliseconds(at))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _changed_at(step: RenderStep) -> datetime:
    """When the step came to its present state, as far as it is written down."""
    return max(change for change in (step.ready_at, step.started_at, step.finished_at) if change)


def _moment(event_id: str) -> datetime | None:
    """When the event with this id was sent; None for an id that is not ours."""
    digits = event_id.removesuffix(f"-{_DONE}")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 13:
        return None
    return datetime.fromtimestamp(int(digits) / 1000, UTC)
