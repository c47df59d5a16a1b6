"""A web process works on a few requests at once; the others wait in line, and are told when that is long."""

from __future__ import annotations

import asyncio

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from cutroom.admission import LATE, Admission, Message, Receive, Scope, Send
from cutroom.middleware import AdmissionMiddleware
from tests.threads import in_a_loop

PLACES = 2


class Kitchen:
    """An application that works on each request until it is told to answer; counts what goes on at once."""

    def __init__(self) -> None:
        self.working = 0
        self.most = 0
        self.late = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        self.late += bool(scope.get(LATE))
        self.working += 1
        self.most = max(self.most, self.working)
        await self.may_answer.wait()
        self.working -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Guest:
    """One client. Sends its body in parts, or in one."""

    def __init__(self, kitchen: Admission, *, path: str = "/usage", parts: int = 1) -> None:
        self.sent: list[str] = []
        self.may_go_on = asyncio.Event()
        self._left = parts
        scope = {"type": "http", "path": path}
        self.task = asyncio.create_task(kitchen(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        if self._left > 1:
            await self.may_go_on.wait()
        self._left -= 1
        return {"type": "http.request", "body": b"", "more_body": self._left > 0}

    async def _send(self, message: Message) -> None:
        self.sent.append(message["type"])


async def a_moment() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_no_more_at_once_than_there_are_places() -> None:
    async def evening() -> None:
        kitchen = Kitchen()
        door = Admission(kitchen, places=PLACES, patience_seconds=60)
        guests = [Guest(door) for _ in range(10)]
        await a_moment()
        assert kitchen.working == PLACES
        kitchen.may_answer.set()
        await asyncio.gather(*(guest.task for guest in guests))
        assert (kitchen.most, kitchen.late) == (PLACES, 0)
        assert all(guest.sent == ["http.response.start", "http.response.body"] for guest in guests)

    in_a_loop(evening())


def test_who_waits_too_long_is_marked_and_takes_no_place_away() -> None:
    async def evening() -> None:
        kitchen = Kitchen()
        door = Admission(kitchen, places=PLACES, patience_seconds=0.01)
        guests = [Guest(door) for _ in range(3)]
        while kitchen.working < 3:
            await asyncio.sleep(0.005)
        assert kitchen.late == 1
        kitchen.may_answer.set()
        await asyncio.gather(*(guest.task for guest in guests))
        assert guests[0].sent != []
        later = [Guest(door) for _ in range(PLACES)]
        await asyncio.gather(*(guest.task for guest in later))
        assert kitchen.late == 1

    in_a_loop(evening())


def test_a_slow_sender_holds_no_place() -> None:
    async def evening() -> None:
        kitchen = Kitchen()
        kitchen.may_answer.set()
        door = Admission(kitchen, places=1, patience_seconds=60)
        slow = [Guest(door, parts=3) for _ in range(5)]
        await a_moment()
        await asyncio.wait_for(Guest(door).task, 5)
        for guest in slow:
            guest.may_go_on.set()
        await asyncio.gather(*(guest.task for guest in slow))

    in_a_loop(evening())


def test_an_answer_that_has_begun_holds_no_place() -> None:
    async def evening() -> None:
        is_over = asyncio.Event()

        async def film(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            if scope["path"] == "/film":
                await is_over.wait()

        door = Admission(film, places=1, patience_seconds=60)
        watching = [Guest(door, path="/film") for _ in range(3)]
        await asyncio.wait_for(Guest(door).task, 5)
        is_over.set()
        await asyncio.gather(*(guest.task for guest in watching))

    in_a_loop(evening())


def test_a_crash_gives_the_place_back() -> None:
    async def evening() -> None:
        async def crash(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            raise ValueError("a bug")

        door = Admission(crash, places=1, patience_seconds=60)
        for _ in range(3):
            with pytest.raises(ValueError, match="a bug"):
                await asyncio.wait_for(Guest(door).task, 5)

    in_a_loop(evening())


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_probes_do_not_wait(path: str) -> None:
    async def evening() -> None:
        kitchen = Kitchen()
        door = Admission(kitchen, places=0, patience_seconds=60)
        guest = Guest(door, path=path)
        kitchen.may_answer.set()
        await asyncio.wait_for(guest.task, 5)

    in_a_loop(evening())


@pytest.fixture(params=["/usage", "/api/v1/usage"])
def late(request: pytest.FixtureRequest) -> HttpRequest:
    asked = RequestFactory().get(request.param)
    asked.scope = {LATE: True}  # type: ignore[attr-defined]  # as ASGI gives it
    asked.request_id = "abc"  # type: ignore[attr-defined]  # see RequestIdMiddleware
    return asked


def test_who_came_too_late_is_told_to_come_again(late: HttpRequest) -> None:
    def never(request: HttpRequest) -> HttpResponse:
        raise AssertionError("nothing may be done for it")

    answer = AdmissionMiddleware(never)(late)
    assert isinstance(answer, HttpResponse)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert b"Too many people ask at once" in answer.content
