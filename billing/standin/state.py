"""What the stand-in remembers: one JSON file, changed by one process at a time.

A file and not a table: Stripe does not take back what it did when our transaction rolls back.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from billing import conf
from billing.standin.errors import Refused

Thing = dict[str, Any]
_EVENTS_KEPT = 60
_ANSWERS_KEPT = 50


class Store:
    """The things of this Stripe, while its lock is held."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._now: int | None = None

    @property
    def now(self) -> int:
        """Its time, in seconds since 1970: ours, plus what the clock was moved, or the moment being lived."""
        return self._now if self._now is not None else int(time.time() + self.data["moved_seconds"])

    def live_at(self, moment: int | None) -> None:
        """Let everything happen at `moment`; None returns to the clock."""
        self._now = moment

    def move_to(self, moment: int) -> None:
        """Set the clock; it never runs backwards."""
        self.data["moved_seconds"] = max(self.data["moved_seconds"], moment - int(time.time()))

    def new_id(self, prefix: str) -> str:
        """An id as Stripe's look."""
        return f"{prefix}_{secrets.token_hex(12)}"

    def add(self, thing: Thing) -> Thing:
        """Remember a thing under its id."""
        self.data["things"][thing["id"]] = thing
        return thing

    def get(self, thing_id: str, kind: str, *, param: str = "id") -> Thing:
        """The thing of that id and kind; refuses as Stripe does when there is none."""
        thing: Thing | None = self.data["things"].get(thing_id)
        if thing is None or thing["object"] != kind:
            raise Refused.missing(kind, thing_id, param=param)
        return thing

    def known(self, thing_id: Any) -> Thing | None:
        """The thing of that id, whatever its kind."""
        found: Thing | None = self.data["things"].get(thing_id) if isinstance(thing_id, str) else None
        return found

    def find(self, kind: str, **wanted: Any) -> list[Thing]:
        """The things of a kind whose fields have these values, newest first."""
        things = (thing for thing in self.data["things"].values() if thing["object"] == kind)
        found = [thing for thing in things if all(thing.get(key) == value for key, value in wanted.items())]
        return found[::-1]

    def remove(self, thing_id: str) -> None:
        """Forget a thing."""
        del self.data["things"][thing_id]

    def tell(self, kind: str, thing: Thing) -> None:
        """Note an event with the thing as it is now; it leaves with the next delivery."""
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": conf.api_version(),
            "created": self.now,
            "data": {"object": deepcopy(thing)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.add(event)
        self.data["undelivered"].append(event["id"])

    def number(self, name: str) -> int:
        """1, 2, 3, … for each name."""
        self.data["numbers"][name] = self.data["numbers"].get(name, 0) + 1
        return int(self.data["numbers"][name])


@contextmanager
def opened() -> Iterator[Store]:
    """The store, locked; kept if the block ends well."""
    directory = conf.stand_in_dir()
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "stand-in.json"
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        data = json.loads(file.read_text()) if file.exists() else _blank()
        store = Store(data)
        yield store
        _forget_the_old(store)
        _write(file, json.dumps(data))
        _write(directory / "clock", str(data["moved_seconds"]))


def moved_seconds() -> float:
    """How far the clock is ahead of ours, without waiting for anybody."""
    try:
        return float((conf.stand_in_dir() / "clock").read_text())
    except FileNotFoundError:
        return 0.0


def _write(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.replace(file)


def _blank() -> dict[str, Any]:
    return {"moved_seconds": 0, "things": {}, "plans": {}, "answers": {}, "undelivered": [], "numbers": {}}


def _forget_the_old(store: Store) -> None:
    waiting = set(store.data["undelivered"])
    for key in list(store.data["answers"])[:-_ANSWERS_KEPT]:
        del store.data["answers"][key]
    for event in store.find("event")[_EVENTS_KEPT:]:
        if event["id"] not in waiting:
            store.remove(event["id"])
