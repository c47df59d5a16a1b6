"""`make demo`: the product from end to end, as an HTTP client sees it."""

from __future__ import annotations

import json
import os
import secrets
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from cutroom import environment, footage, stack
from cutroom.client import UnexpectedAnswer
from cutroom.run import Stack, running_stack
from cutroom.terminal import say

Step = Callable[[], str]

VIDEO = environment.CHECKOUT / "var" / "demo" / "video.mp4"
EXPORT = VIDEO.with_name("export.zip")


def demo() -> int:
    """Start an installation of its own, walk through it, stop it. 0 only if every step held."""
    port = stack.free_port()
    own = {"PORT": str(port), "SITE_URL": f"http://{stack.HOST}:{port}", "DEBUG": "true"}
    os.environ.update(own)
    os.environ.setdefault("CUTROOM_VAR", str(environment.CHECKOUT / "var" / "demo-stack"))
    environment.load_development()
    held = False
    with running_stack(port=port) as running:
        held = _take(Walk(running).steps())
    return 0 if held else 1


def _take(steps: list[tuple[str, Step]]) -> bool:
    """Take the steps in order, telling each one's seconds and outcome; stop at the first that fails."""
    for request, step in steps:
        started_at = time.monotonic()
        try:
            outcome = step()
        except (UnexpectedAnswer, KeyError, ValueError) as trouble:
            say(f"  failed  {request}: {trouble!r}")
            return False
        say(f"{time.monotonic() - started_at:6.2f} s  {request} -> {outcome}")
    return True


class Walk:
    """The steps; each raises UnexpectedAnswer unless the server keeps its contract."""

    def __init__(self, running: Stack) -> None:
        self._running = running
        self._client = running.client
        # A new address each time, so that the walk begins as a newcomer's.
        self._email = f"demo-{secrets.token_hex(4)}@example.com"
        self._token = ""
        self._render_id = ""
        self._checkout_url = ""

    def steps(self) -> list[tuple[str, Step]]:
        """What is asked of the server, and how; a step returns what came of it."""
        return [
            ("GET /api/auth/me without credentials", self._is_refused_without_credentials),
            ("POST /api/auth/magic-link/request", self._asks_for_a_link),
            ("POST /api/auth/magic-link/verify", self._signs_in),
            ("GET /api/auth/me", self._reads_its_account),
            ("GET /api/v1/projects/test", self._finds_the_starter_project),
            ("POST /api/v1/projects/test/render/stitch in 4k", self._is_refused_4k_on_the_free_plan),
            ("POST /api/v1/projects/test/render/stitch in 1080p", self._asks_for_a_video),
            ("GET /api/v1/renders/<id> until it has ended", self._watches_it_being_made),
            ("GET /api/v1/renders/<id>/video", self._downloads_it),
            ("GET /api/v1/usage", self._reads_its_usage),
            ("GET /api/billing/subscription", self._reads_its_subscription),
            ("POST /api/billing/checkout", self._asks_to_pay),
            ("the payment page: pay with a test card", self._pays),
            ("GET /api/billing/subscription, paid", self._is_on_pro),
            ("POST /api/v1/projects/test/render/quote in 4k", self._would_be_admitted_4k),
            ("POST /api/account/export, and its download", self._exports_everything),
        ]

    def _is_refused_without_credentials(self) -> str:
        self._client.call("GET", "/api/auth/me", expect=403)
        return "403"

    def _asks_for_a_link(self) -> str:
        self._token = self._client.request_link(self._email)
        self._running.watch.hide(self._token)
        return f"a link for {self._email}"

    def _signs_in(self) -> str:
        session = self._client.verify(self._token)
        _require(session["refresh_token"] is None, session)
        return f"a token for {session['expires_in']} s"

    def _reads_its_account(self) -> str:
        account = self._client.call("GET", "/api/auth/me").json()
        _require(account["email"] == self._email and account["role"] == "admin", account)
        return f"{account['role']} of {account['tenant']['slug']}"

    def _finds_the_starter_project(self) -> str:
        project = self._client.call("GET", "/api/v1/projects/test").json()
        _require(len(project["scenes"]) == 3, project)
        return f"{project['title']!r}, 3 scenes"

    def _is_refused_4k_on_the_free_plan(self) -> str:
        body = {"resolution": "4k", "fps": 24}
        refusal = self._client.call(
            "POST", "/api/v1/projects/test/render/stitch", expect=402, json=body
        ).json()
        _require(refusal["code"] == "plan-required", refusal)
        return f"402 {refusal['code']}"

    def _asks_for_a_video(self) -> str:
        render = self._client.stitch("test", resolution="1080p", fps=24)
        self._render_id = render["id"]
        return f"{render['state']}, about {render['estimate']['seconds']} s"

    def _watches_it_being_made(self) -> str:
        seen = [0]

        def look(progress: int) -> None:
            seen.append(progress)
            self._running.wait(0.2)

        render = self._client.follow(self._render_id, between_polls=look)
        _require(seen == sorted(seen), {"progress went backwards": seen})
        return f"{render['state']}"

    def _downloads_it(self) -> str:
        size = self._client.download(f"/api/v1/renders/{self._render_id}/video", to=VIDEO)
        film = footage.inspect(VIDEO)
        _require(film.codecs == {"video": "h264", "audio": "aac"} and film.height == 1080, film)
        return f"{_shown(VIDEO)}, {film.duration_seconds:.1f} s, {size / 1e6:.1f} MB"

    def _reads_its_usage(self) -> str:
        meters = {row["meter"]: row for row in self._client.call("GET", "/api/v1/usage").json()["meters"]}
        rendered = meters["render_minutes"]
        _require(rendered["used"] > 0 and rendered["held"] == 0, rendered)
        return f"{rendered['used']} of {rendered['limit']} render minutes"

    def _reads_its_subscription(self) -> str:
        subscription = self._client.call("GET", "/api/billing/subscription").json()
        _require(subscription["plan"] == "free" and subscription["status"] == "active", subscription)
        return f"{subscription['plan']}, {subscription['status']}"

    def _asks_to_pay(self) -> str:
        checkout = self._client.call("POST", "/api/billing/checkout", json={"plan": "pro"}).json()
        self._checkout_url = checkout["checkout_url"]
        return str(checkout["session_id"][:16])

    def _pays(self) -> str:
        target = self._client.submit(self._checkout_url, {"card": "4242", "deed": "pay"})
        _require("/billing/return" in target, target)
        return "back to /billing/return"

    def _is_on_pro(self) -> str:
        subscription = self._client.call("GET", "/api/billing/subscription").json()
        _require(subscription["plan"] == "pro" and subscription["status"] == "active", subscription)
        return f"{subscription['plan']} until {subscription['current_period_end'][:10]}"

    def _would_be_admitted_4k(self) -> str:
        body = {"resolution": "4k", "fps": 24}
        quote = self._client.call("POST", "/api/v1/projects/test/render/quote", json=body).json()
        _require(quote["admitted"] is True, quote)
        return f"admitted, {quote['estimate']['render_minutes']} render minutes"

    def _exports_everything(self) -> str:
        export = self._client.call("POST", "/api/account/export", expect=(200, 202)).json()
        deadline = time.monotonic() + 120
        while export["status"] in ("queued", "making") and time.monotonic() < deadline:
            self._running.wait(0.2)
            export = self._client.call("GET", export["status_url"]).json()
        _require(export["status"] == "ready", export)
        size = self._client.download(export["download_url"], to=EXPORT)
        missing = _missing_in(EXPORT)
        _require(missing == [], missing)
        return f"{_shown(EXPORT)}, {export['files']} files, {size / 1e6:.1f} MB"


def _missing_in(path: Path) -> list[object]:
    with zipfile.ZipFile(path) as archive:
        missing: list[object] = json.loads(archive.read("manifest.json"))["missing"]
        return missing


def _require(is_held: bool, evidence: object) -> None:
    if not is_held:
        raise UnexpectedAnswer(f"not what the contract says: {evidence}")


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
