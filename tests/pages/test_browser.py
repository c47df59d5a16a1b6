"""Every page in a real browser: no console error, no axe finding, no overflow, and not heavy."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, Route
from pytest_django import Settings

from cutroom import clock
from metering.periods import month_of
from rendering.models import JobState, Project, RenderJob
from rendering.providers.models import DraftState, ScriptDraft
from rendering.publishing.models import Publication, PublicationState, YouTubeChannel
from tenants.context import tenant_context
from tests.cast import Cast, browser_of
from tests.pages.conftest import SCRIPT, OpenBrowser, make_render

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RUN_AXE = """axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(result =>
  result.violations.map(found => [found.id, found.nodes.map(node => node.target.join(" "))]))"""
Colours = Literal["light", "dark"]

LOOKS: list[tuple[Colours, int]] = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]
MOST_BYTES = 60 * 1024
MOST_REQUESTS = 12
# A page that answers 402, 404 or 422 is logged by the browser itself.
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# Pictures and films are the users' own; everything else is ours to keep small.
WEIGHED = {"document", "stylesheet", "script", "font"}
# Pages that look again by themselves would be gone before they are judged.
LOOKS_AGAIN = re.compile(r"/create/topic/[^/]+$|/publish$|/billing/return\?")


class Watch:
    """What a page says on the console, and what it loads."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.responses: list[Response] = []
        page.route(LOOKS_AGAIN, _stay)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", lambda response: self.responses.append(response))  # noqa: PLW0108  # it marks its handlers

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.match(message.text):
            self.complaints.append(message.text)

    def weight(self) -> int:
        """Bytes on the wire once compressed, without pictures and films."""
        ours = [
            r for r in self.responses if r.request.resource_type in WEIGHED or r.url.endswith("icons.svg")
        ]
        return sum(len(gzip.compress(response.body(), 9)) for response in ours)


def _stay(route: Route) -> None:
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "refresh"}
    route.fulfill(response=answer, headers=headers)


Acme = tuple[Project, dict[str, RenderJob]]


@pytest.fixture
def outside(acme: Acme, committed_cast: Cast, settings: Settings) -> dict[str, str]:
    """Pages of what is made or published outside, in every state: scripts and a channel."""
    settings.RENDERING_YOUTUBE_CLIENT_ID = "client-1"
    settings.METERING_ENTITLEMENTS = "metering.entitlements.default_plan"
    plans = settings.METERING_PLANS
    settings.METERING_PLANS = {**plans, "free": {**plans["free"], "features": ["publish"]}}
    settings.RENDERING_PROVIDERS = {
        **settings.RENDERING_PROVIDERS,
        "script": ["rendering.providers.openai.OpenAIChat"],
    }
    mill, shelf = acme
    sent = make_render(committed_cast, mill, title="A sent film", state=JobState.SUCCEEDED)
    at = clock.now()
    films = {"a channel": shelf["ready"], "unfinished": shelf["failed"]}
    with tenant_context(committed_cast.acme.pk):
        YouTubeChannel.objects.create(
            channel_id="UC4711", title="Tide Mills", token_sealed=b"", connected_at=at
        )
        for state, job in {
            PublicationState.SENDING: sent,
            PublicationState.FAILED: shelf["degraded"],
        }.items():
            Publication.objects.create(
                job=job, title=job.title, state=state, bytes_total=9, not_before=at, created_at=at
            )
            films[state.value] = job
        drafts = {
            state.value: ScriptDraft.objects.create(
                topic="Tide mills", state=state, not_before=at, created_at=at, **fields
            )
            for state, fields in DRAFTS.items()
        }
    return {
        **{f"script {name}": f"/create/topic/{draft.pk}" for name, draft in drafts.items()},
        **{f"publish {name}": f"/renders/{job.pk}/publish" for name, job in films.items()},
    }


DRAFTS = {
    DraftState.QUEUED: {},
    DraftState.SUCCEEDED: {"title": "Mill", "script": SCRIPT},
    DraftState.FAILED: {"error": "Nobody answered in time."},
}


def addresses(mill: Project, shelf: dict[str, RenderJob]) -> dict[str, str]:
    """Every page a member can see, by a name for failures."""
    return {
        "create": "/create",
        "editor": f"/projects/{mill.slug}?scene=2",
        "4k refused": f"/projects/{mill.slug}/limit?resolution=4k&fps=24",
        **{f"render {name}": f"/renders/{job.pk}" for name, job in shelf.items()},
        "library": "/library",
        "library without a match": "/library?q=promo&state=failed",
        "usage": "/usage",
        "usage of storage": "/usage?meter=storage_gb",
        "usage of another month": f"/usage?period={month_of(clock.now() - timedelta(days=40)).name}",
        "webhooks": "/account/webhooks",
        "account": "/account",
        "privacy": "/privacy",
        "privacy requests": "/privacy/requests",
        "delete": f"/library/delete?v={shelf['ready'].pk}",
        "not found": "/nowhere",
    }


@pytest.fixture
def admin(committed_cast: Cast) -> Client:
    """Alice, admin of Acme."""
    return browser_of(committed_cast.alice, committed_cast.acme)


# Pages that only an admin may see.
ADMIN_PAGES = {
    "audit": "/account/audit",
    "audit refused": "/account/audit?denied=1",
    "brand": "/account/brand",
    "youtube": "/account/youtube",
    "new key": "/account/keys/new",
}
# Pages for those without an account.
OPEN_PAGES = {
    "landing": "/",
    "login": "/login",
    "requests of strangers": "/privacy/requests",
    "stale confirmation": "/privacy/requests/confirm",
    "news stopped": "/privacy/stop-news",
    "problems": "/problems",
}


def test_every_page_is_clean(
    open_browser: OpenBrowser, acme: Acme, outside: dict[str, str], admin: Client
) -> None:
    alice, member, stranger = open_browser(client=admin), open_browser(), open_browser(is_signed_in=False)
    found = {name: flaws(member, path) for name, path in (addresses(*acme) | outside).items()}
    found |= {name: flaws(alice, path) for name, path in ADMIN_PAGES.items()}
    found |= {name: flaws(stranger, path) for name, path in OPEN_PAGES.items()}
    assert {name: flaw for name, flaw in found.items() if flaw} == {}


def flaws(context: BrowserContext, path: str) -> list[Any]:
    """Everything that is wrong with the page at `path`, in light and dark, wide and narrow."""
    page = context.new_page()
    watch = Watch(page)
    page.goto(path, wait_until="load")
    wrong: list[Any] = looks_wrong(page) + watch.complaints
    if page.locator("h1").count() != 1:
        wrong.append(f"has {page.locator('h1').count()} main headings")
    if not page.title().endswith(" · Cutroom"):
        wrong.append(f"is titled {page.title()!r}")
    page.close()
    return wrong


def looks_wrong(page: Page) -> list[Any]:
    """What axe finds, what scrolls sideways and what shouts, in each look; loaded once for all."""
    page.evaluate(AXE)
    wrong: list[Any] = []
    for colours, width in LOOKS:
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        found: list[Any] = page.evaluate(RUN_AXE)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        if page.locator(".btn.go:visible").count() > 1:
            found.append("has more than one primary button")
        wrong += [(colours, width, flaw) for flaw in found]
    return wrong


def test_every_page_is_light(
    open_browser: OpenBrowser, acme: Acme, outside: dict[str, str], admin: Client
) -> None:
    heavy = {}
    for name, path in (addresses(*acme) | outside | ADMIN_PAGES).items():
        # A context of its own: nothing is cached.
        context = open_browser(client=admin, viewport={"width": 1280, "height": 800})
        page = context.new_page()
        watch = Watch(page)
        page.goto(path, wait_until="load")
        requests = [r for r in watch.responses if r.request.resource_type != "image" or "/static/" in r.url]
        if watch.weight() > MOST_BYTES or len(requests) > MOST_REQUESTS:
            heavy[name] = (watch.weight(), len(requests))
        context.close()
    assert heavy == {}


def test_the_first_tab_stop_skips_the_navigation(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_browser().new_page()
    page.goto("/library")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
