"""/api/v1/renders/{id}/events: a render's life as server-sent events, over ASGI and over WSGI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.test import AsyncClient
from rest_framework.test import APIClient

from cutroom import clock
from rendering import engine, services
from rendering.api import events
from rendering.models import RenderJob, RenderStep, StepKind, StepState
from tenants.context import tenant_context
from tests.cast import Cast
from tests.rendering.conftest import authorization

Event = tuple[str, str, dict[str, Any]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr(events, "POLL_SECONDS", 0.0)


def parsed(stream: str) -> list[Event]:
    """(id, name, data) of each event."""
    found = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def glance(client: APIClient, job: RenderJob, **headers: str) -> list[Event]:
    answer = client.get(f"/api/v1/renders/{job.pk}/events", headers=headers)
    assert answer.status_code == 200
    return parsed(b"".join(answer.streaming_content).decode())  # type: ignore[attr-defined]  # it streams


def cancel(job: RenderJob) -> None:
    with tenant_context(job.tenant_id):
        services.cancel(job=job, at=clock.now())


def listen(client: APIClient, job: RenderJob, *, then: Callable[[], object]) -> tuple[Any, list[str]]:
    """Open the stream as an ASGI server would; call `then` after its first piece; read to the end."""

    async def follow() -> tuple[Any, list[str]]:
        path = f"/api/v1/renders/{job.pk}/events"
        answer: Any = await AsyncClient().get(path, headers=authorization(client))
        pieces: AsyncIterator[bytes] = aiter(answer.streaming_content)
        heard = [await anext(pieces)]
        await sync_to_async(then)()
        heard += [piece async for piece in pieces]
        return answer, [piece.decode() for piece in heard]

    return async_to_sync(follow)()


def test_the_stream_tells_the_life_of_a_render_and_ends(alice: APIClient, queued: RenderJob) -> None:
    answer, pieces = listen(alice, queued, then=lambda: cancel(queued))
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["X-Accel-Buffering"] == "no"
    assert answer.is_async
    heard = parsed("".join(pieces))
    assert [(name, data["state"]) for _, name, data in heard] == [
        ("progress", "queued"),
        ("progress", "cancelled"),
        ("done", "cancelled"),
    ]
    done = heard[-1][2]
    assert done == alice.get(f"/api/v1/renders/{queued.pk}").json()


def test_each_change_of_a_step_is_an_event(alice: APIClient, queued: RenderJob) -> None:
    engine.start_job(tenant_id=queued.tenant_id, job_id=queued.pk)

    def work() -> None:
        with tenant_context(queued.tenant_id):
            step = RenderStep.objects.filter(job=queued, kind=StepKind.IMAGE, scene=0)
            step.update(state=StepState.SUCCEEDED, attempt=1, is_cached=True)
        cancel(queued)

    _, pieces = listen(alice, queued, then=work)
    first = parsed(pieces[0])
    assert [name for _, name, _ in first] == ["step"] * 6 + ["progress"]
    assert {data["state"] for _, name, data in first if name == "step"} == {"ready"}
    later = [data for _, name, data in parsed("".join(pieces[1:])) if name == "step"]
    assert [(step["state"], step["cached"], step["attempt"]) for step in later] == [
        ("succeeded", True, 1),
        *[("cancelled", False, 0)] * 5,
    ]


def test_a_comment_keeps_a_quiet_stream_open(
    alice: APIClient, queued: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "COMMENT_SECONDS", 0.0)
    monkeypatch.setattr(events, "STREAM_SECONDS", 0.1)
    _, pieces = listen(alice, queued, then=lambda: None)
    assert pieces[0].startswith("id: ")
    assert set(pieces[1:]) <= {": still here\n\n"}


def test_a_long_stream_ends_so_that_the_session_is_checked_again(
    alice: APIClient, queued: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAM_SECONDS", 0.0)
    _, pieces = listen(alice, queued, then=lambda: None)
    assert [name for _, name, _ in parsed("".join(pieces))] == ["progress"]


def test_over_wsgi_the_answer_ends_at_once_and_says_when_to_come_back(
    alice: APIClient, queued: RenderJob
) -> None:
    answer = alice.get(f"/api/v1/renders/{queued.pk}/events")
    body = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # it streams
    assert body.startswith("retry: ")
    assert [name for _, name, _ in parsed(body)] == ["progress"]


def test_whoever_comes_back_hears_only_what_is_new(alice: APIClient, queued: RenderJob) -> None:
    engine.start_job(tenant_id=queued.tenant_id, job_id=queued.pk)
    last_id = str(int(clock.now().timestamp() * 1000) + 60_000)
    assert [name for _, name, _ in glance(alice, queued, **{"Last-Event-ID": last_id})] == ["progress"]
    assert len(glance(alice, queued, **{"Last-Event-ID": "0"})) == 7
    assert len(glance(alice, queued, **{"Last-Event-ID": "not ours"})) == 7


def test_a_listener_cut_off_between_two_old_steps_hears_the_second(
    alice: APIClient, queued: RenderJob
) -> None:
    engine.start_job(tenant_id=queued.tenant_id, job_id=queued.pk)
    now = clock.now()
    with tenant_context(queued.tenant_id):
        for age, step in enumerate(RenderStep.objects.filter(job=queued).order_by("scene", "kind")):
            RenderStep.objects.filter(pk=step.pk).update(ready_at=now - timedelta(minutes=9 - age))
    whole = [event for event in glance(alice, queued) if event[1] == "step"]
    after_the_second = glance(alice, queued, **{"Last-Event-ID": whole[1][0]})
    assert [data for _, name, data in after_the_second if name == "step"] == [
        data for _, _, data in whole[1:]
    ]


def test_after_done_there_is_nothing_more(alice: APIClient, queued: RenderJob) -> None:
    cancel(queued)
    [*_, (last_id, name, _)] = glance(alice, queued)
    assert name == "done"
    answer = alice.get(f"/api/v1/renders/{queued.pk}/events", headers={"Last-Event-ID": last_id})
    assert (answer.status_code, answer.content) == (204, b"")
    alice.post(f"/api/v1/renders/{queued.pk}/retry")
    assert glance(alice, queued, **{"Last-Event-ID": last_id})


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*", "text/html"])
def test_any_accept_gets_the_stream(alice: APIClient, queued: RenderJob, accept: str) -> None:
    assert glance(alice, queued, Accept=accept)


def test_t11_strangers_and_other_tenants_hear_nothing(
    stranger: APIClient, charlie: APIClient, queued: RenderJob
) -> None:
    path = f"/api/v1/renders/{queued.pk}/events"
    assert stranger.get(path).status_code == 401
    refused = charlie.get(path, headers={"Accept": "text/event-stream"})
    assert refused.status_code == 404
    assert refused["Content-Type"] == "application/problem+json"


def test_no_connection_is_held_between_looks(committed_cast: Cast) -> None:
    watch = events.Watch(tenant_id=committed_cast.acme.pk, render_id=committed_cast.acme.pk)
    assert watch.look() == []
    assert watch.is_over
    assert connection.connection is None


def test_a_listener_who_leaves_ends_the_stream(queued: RenderJob) -> None:
    async def leave() -> None:
        stream = events._stream(events.Watch(tenant_id=queued.tenant_id, render_id=queued.pk))
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    async_to_sync(leave)()
