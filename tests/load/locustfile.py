"""What people do, in the shares in which they do it. Started by `make load`; see tests/load/__main__.py.

Everybody signed in before. The file named by CUTROOM_LOAD has the people and the stages; every request is
written to the file it names for answers, a JSON line each: stage, name, milliseconds, error.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

from gevent import sleep  # type: ignore[import-untyped]  # this package ships no types
from locust import FastHttpUser, LoadTestShape, between, events, task

PLAN: dict[str, Any] = json.loads(Path(os.environ["CUTROOM_LOAD"]).read_text())
PEOPLE: Iterator[dict[str, Any]] = cycle(PLAN["people"])
FINAL = {"succeeded", "failed", "cancelled"}
MOST_POLLS = 60
POLL_SECONDS = 2.0
WORDS = ("tide", "mill", "wheel", "creek", "gate", "moon", "grain", "stone", "heron", "mud")


class Stages(LoadTestShape):
    """Each stage holds its number of users for its time; then everybody goes home."""

    name: ClassVar[str] = ""

    def tick(self) -> tuple[int, float] | None:
        """How many users there should be now, and how many may come a second."""
        passed = self.get_run_time()  # type: ignore[no-untyped-call]  # untyped in locust
        for stage in PLAN["stages"]:
            if passed < stage["seconds"]:
                Stages.name = stage["name"]
                return stage["users"], PLAN["arrivals"]
            passed -= stage["seconds"]
        return None


class Person(FastHttpUser):
    """Somebody with a session, who thinks between two deeds."""

    abstract = True
    wait_time = between(2, 8)

    def on_start(self) -> None:
        """Take a seat."""
        self.me = next(PEOPLE)
        self.slug = self.me["slug"]
        self.bearer = {"Authorization": f"Bearer {self.me['token']}"}

    def ask(self, path: str, name: str = "") -> Any:
        """GET as the API's client; the document, or None for anything but 200."""
        with self.client.get(path, name=name or path, headers=self.bearer, catch_response=True) as answer:
            return answer.json() if answer.status_code == 200 else None


class Viewer(Person):
    """Looks at pages."""

    weight = 45

    @task
    def look(self) -> None:
        """One page after the other, most often the library."""
        path = random.choice(("/library", "/library", "/project", "/usage", "/billing", "/account"))
        if path == "/project":
            self.page(f"/projects/{self.slug}", "/projects/[slug]")
        else:
            self.page(path, path)

    def page(self, path: str, name: str) -> None:
        """GET as the browser does."""
        self.client.get(path, name=f"page {name}", headers={"Cookie": self.me["cookie"]})


class Editor(Person):
    """Writes: opens the project, changes a scene, now and then the whole script."""

    weight = 20

    @task(8)
    def edit(self) -> None:
        """Change what one scene says."""
        project = f"/api/v1/projects/{self.slug}"
        document = self.ask(project, "/api/v1/projects/[slug]")
        if document:
            scene = random.choice(document["scenes"])["id"]
            self.client.patch(
                f"{project}/scenes/{scene}",
                name="/api/v1/projects/[slug]/scenes/[id] PATCH",
                json={"narration": sentence()},
                headers=self.bearer,
            )

    @task(1)
    def rewrite(self) -> None:
        """Paste a script."""
        self.client.put(
            f"/api/v1/projects/{self.slug}/script",
            name="/api/v1/projects/[slug]/script PUT",
            json={"script": "\n\n".join(sentence() for _ in range(3))},
            headers=self.bearer,
        )


class Maker(Person):
    """Renders: mostly what was rendered before, sometimes with one scene changed; then waits for it."""

    weight = 10
    wait_time = between(20, 60)

    @task
    def render(self) -> None:
        """Ask for a video and poll until it has ended."""
        project = f"/api/v1/projects/{self.slug}"
        if random.random() < PLAN["edited"]:
            self.client.patch(
                f"{project}/scenes/{self.me['scenes'][0]}",
                name="/api/v1/projects/[slug]/scenes/[id] PATCH",
                json={"narration": sentence()},
                headers=self.bearer,
            )
        accepted = self.client.post(
            f"{project}/render/stitch",
            name="/api/v1/projects/[slug]/render/stitch POST",
            json={"resolution": "720p", "fps": 24},
            headers=self.bearer,
        )
        if accepted.status_code == 202:
            self.follow(accepted.json()["id"])

    def follow(self, render_id: str) -> None:
        """Poll as a program does."""
        for _ in range(MOST_POLLS):
            document = self.ask(f"/api/v1/renders/{render_id}", "/api/v1/renders/[id]")
            if document is None or document["state"] in FINAL:
                return
            sleep(POLL_SECONDS)


class Accountant(Person):
    """Asks what was used, and takes the ledger home."""

    weight = 10

    @task(3)
    def usage(self) -> None:
        """How it stands."""
        self.ask("/api/v1/usage")

    @task(2)
    def history(self) -> None:
        """How it was."""
        self.ask("/api/v1/usage/history")

    @task(1)
    def ledger(self) -> None:
        """Line by line, as a file."""
        self.client.get(
            "/api/v1/usage/events?format=csv", name="/api/v1/usage/events CSV", headers=self.bearer
        )


class Program(Person):
    """A program with an API key."""

    weight = 14

    def on_start(self) -> None:
        """Its key instead of a session."""
        super().on_start()
        self.bearer = {"Authorization": f"Bearer {self.me['api_key']}"}

    @task(3)
    def renders(self) -> None:
        """What became of the videos."""
        self.ask("/api/v1/renders")

    @task(2)
    def projects(self) -> None:
        """What there is."""
        self.ask("/api/v1/projects")

    @task(2)
    def check(self) -> None:
        """May I?"""
        self.ask("/api/v1/usage/check?meter=render_minutes&amount=1", "/api/v1/usage/check")


class Leaver(Person):
    """Takes everything home, once, and looks how far that is."""

    weight = 1
    wait_time = between(5, 15)
    status_url = ""

    @task
    def export(self) -> None:
        """Ask first, then look."""
        if self.status_url:
            self.ask(self.status_url, "/api/account/export/[id]")
            return
        answer = self.client.post("/api/account/export", json={}, headers=self.bearer)
        if answer.status_code in (200, 202):
            self.status_url = answer.json()["status_url"]


def sentence() -> str:
    """Something nobody said before."""
    return f"The {' '.join(random.choices(WORDS, k=5))} {random.randrange(10**6)}."


ANSWERS: list[str] = []


def note(name: str, response_time: float, exception: Exception | None, **_: Any) -> None:
    """Keep every answer with the stage in which it came. The address is left out of errors: `name` has it."""
    error = str(exception or "").rsplit(": ", 1)[-1]
    answer = {"stage": Stages.name, "name": name, "ms": response_time, "error": error}
    ANSWERS.append(json.dumps(answer))


def write(**_: Any) -> None:
    """Hand the answers over."""
    Path(PLAN["answers"]).write_text("".join(f"{line}\n" for line in ANSWERS))


events.request.add_listener(note)  # type: ignore[no-untyped-call]  # untyped in locust
events.quitting.add_listener(write)  # type: ignore[no-untyped-call]  # untyped in locust
