"""From Free to Pro and back in a real browser, on the stand-in's pages; and how those look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.billing.conftest import Till, let_pass, stand_in
from tests.cast import Cast, browser_of
from tests.pages.test_browser import flaws

__all__ = ["stand_in"]

OpenAlice = Callable[..., BrowserContext]


@pytest.fixture
def open_alice(
    chromium: Browser,
    live_server: LiveServer,
    committed_cast: Cast,
    settings: LazySettings,
    request: pytest.FixtureRequest,
) -> Iterator[OpenAlice]:
    """A browser in which Alice, who may buy, is signed in; the stand-in is behind the site."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = []
    request.getfixturevalue("stand_in")
    name = settings.SESSION_COOKIE_NAME
    value = browser_of(committed_cast.alice, committed_cast.acme).cookies[name].value
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = chromium.new_context(base_url=live_server.url, **options)
        opened.append(context)
        cookie: Any = {"name": name, "value": value, "url": live_server.url}
        context.add_cookies([cookie])
        return context

    yield open_one
    for context in opened:
        context.close()


def choose(page: Page, last4: str) -> None:
    """A card, and Pay."""
    page.locator(f"input[value='{last4}']").check()
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize("has_javascript", [True, False])
def test_free_to_pro_and_back(open_alice: OpenAlice, *, has_javascript: bool) -> None:
    page = open_alice(java_script_enabled=has_javascript).new_page()
    page.goto("/billing")
    page.get_by_role("button", name="Upgrade to Pro").click()
    choose(page, "0002")
    expect(page.get_by_role("alert")).to_contain_text("Your card was declined.")
    choose(page, "3155")
    heading(page, "Your bank asks: is it you?")
    page.get_by_role("button", name="Yes, confirm").click()
    heading(page, "You are on Pro")

    page.goto("/usage")
    expect(page.locator("main")).to_contain_text("of 2,500 min")
    page.goto("/billing")
    page.get_by_role("button", name=re.compile("^Switch on")).click()
    expect(page.locator("main")).to_contain_text("then the workspace is on Free")
    page.get_by_role("button", name="Stay on Pro").click()
    expect(page.get_by_role("button", name="Stay on Pro")).to_have_count(0)

    page.get_by_role("button", name="Invoices, card, cancel").click()
    page.get_by_role("button", name="Cancel at the end of the period").click()
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.locator("main")).to_contain_text("then the workspace is on Free")

    page.get_by_role("link", name="move the clock").click()
    page.get_by_role("button", name="To the next event").click()
    page.goto("/billing")
    expect(page.locator(".page-head")).to_contain_text("Acme is on Free.")
    expect(page.get_by_role("button", name="Upgrade to Pro")).to_be_visible()


def test_the_back_button_after_paying_and_a_second_tab(open_alice: OpenAlice, committed_cast: Cast) -> None:
    context = open_alice()
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto("/billing")
        page.get_by_role("button", name="Upgrade to Pro").click()
    choose(first, "4242")
    heading(first, "You are on Pro")
    choose(second, "4242")
    heading(second, "You are on Pro")
    first.go_back()
    first.reload()
    heading(first, "This is paid")
    second.goto("/billing")
    assert len(Till(tenant=committed_cast.acme).at_stripe()) == 1


def test_the_back_button_after_the_bank_asked(open_alice: OpenAlice, committed_cast: Cast) -> None:
    page = open_alice().new_page()
    page.goto("/billing")
    page.get_by_role("button", name="Upgrade to Pro").dblclick()
    choose(page, "3155")
    page.get_by_role("button", name="Yes, confirm").click()
    heading(page, "You are on Pro")
    page.go_back()
    page.reload()
    heading(page, "This is paid")
    assert len(Till(tenant=committed_cast.acme).at_stripe()) == 1


@pytest.mark.slow
def test_every_page_is_clean(open_alice: OpenAlice, committed_cast: Cast) -> None:
    context = open_alice()
    till = Till(tenant=committed_cast.acme)
    found = {"free": flaws(context, "/billing")}
    session = till.checkout()
    found["payment"] = flaws(context, f"/dev/checkout/pay/{session}")
    found["waiting"] = flaws(context, f"/billing/return?session_id={session}")
    till.pay(session, last4="0341")
    found["paid"] = flaws(context, f"/billing/return?session_id={session}")
    found["pro"] = flaws(context, "/billing")
    let_pass(days=32)
    found["past due"] = flaws(context, "/billing")
    found["clock"] = flaws(context, "/dev/checkout/clock")
    page = context.new_page()
    page.goto("/billing")
    page.get_by_role("button", name="Invoices, card, cancel").click()
    found["portal"] = flaws(context, page.url.partition("/dev/")[1] + page.url.partition("/dev/")[2])
    assert {name: flaw for name, flaw in found.items() if flaw} == {}
