"""Every page in a real browser: no console error, no axe finding, no overflow, and not heavy."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

from cutroom import clock
from metering.periods import month_of
from rendering.models import Project, RenderJob
from tests.cast import Cast, browser_of
from tests.pages.conftest import OpenBrowser

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RUN_AXE = """axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(result =>
  result.violations.map(found => [found.id, found.nodes.map(node => node.target.join(" "))]))"""
LOOKS = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]
MOST_BYTES = 60 * 1024
MOST_REQUESTS = 12
# A page that answers 402, 404 or 422 is logged by the browser itself.
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# Pictures and films are the users' own; everything else is ours to keep small.
WEIGHED = {"document", "stylesheet", "script", "font"}


class Watch:
    """What a page says on the console, and what it loads."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.responses: list[Response] = []
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
        "delete": f"/library/delete?v={shelf['ready'].pk}",
        "not found": "/nowhere",
    }


@pytest.fixture
def admin(committed_cast: Cast) -> Client:
    """Alice, admin of Acme."""
    return browser_of(committed_cast.alice, committed_cast.acme)


# Pages that only an admin may see.
ADMIN_PAGES = {"audit": "/account/audit", "audit refused": "/account/audit?denied=1"}


@pytest.mark.parametrize(("colours", "width"), LOOKS)
def test_every_page_is_clean(
    open_browser: OpenBrowser,
    acme: tuple[Project, dict[str, RenderJob]],
    admin: Client,
    colours: str,
    width: int,
) -> None:
    size = {"width": width, "height": 800}
    alice = open_browser(client=admin, color_scheme=colours, viewport=size)
    member = open_browser(color_scheme=colours, viewport=size)
    stranger = open_browser(is_signed_in=False, color_scheme=colours, viewport=size)
    found = {name: flaws(member, path) for name, path in addresses(*acme).items()}
    found |= {name: flaws(alice, path) for name, path in ADMIN_PAGES.items()}
    found |= {name: flaws(stranger, path) for name, path in {"landing": "/", "login": "/login"}.items()}
    assert {name: flaw for name, flaw in found.items() if flaw} == {}


def flaws(context: BrowserContext, path: str) -> list[Any]:
    """Everything that is wrong with the page at `path`."""
    page = context.new_page()
    watch = Watch(page)
    page.goto(path, wait_until="load")
    page.evaluate(AXE)
    wrong: list[Any] = [*watch.complaints, *page.evaluate(RUN_AXE)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("scrolls sideways")
    if page.locator("h1").count() != 1:
        wrong.append(f"has {page.locator('h1').count()} main headings")
    if not page.title().endswith(" · Cutroom"):
        wrong.append(f"is titled {page.title()!r}")
    if page.locator(".btn.go:visible").count() > 1:
        wrong.append("has more than one primary button")
    page.close()
    return wrong


def test_every_page_is_light(open_browser: OpenBrowser, acme: tuple[Project, dict[str, RenderJob]]) -> None:
    heavy = {}
    for name, path in addresses(*acme).items():
        # A context of its own: nothing is cached.
        context = open_browser(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        watch = Watch(page)
        page.goto(path, wait_until="load")
        requests = [r for r in watch.responses if r.request.resource_type != "image" or "/static/" in r.url]
        if watch.weight() > MOST_BYTES or len(requests) > MOST_REQUESTS:
            heavy[name] = (watch.weight(), len(requests))
        context.close()
    assert heavy == {}


def test_the_first_tab_stop_skips_the_navigation(
    open_browser: OpenBrowser, acme: tuple[Project, dict[str, RenderJob]]
) -> None:
    page = open_browser().new_page()
    page.goto("/library")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
