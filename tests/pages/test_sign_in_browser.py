"""The mailed link in a real browser: looking at it does nothing, pressing its button signs in."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts import magic_links
from accounts.magic_links import Asker
from cutroom import clock
from tests.cast import Cast

PATIENCE_MS = 10_000


@pytest.mark.parametrize("has_javascript", [True, False])
def test_m2_the_link_signs_in_by_its_button_only(
    chromium: Browser,
    live_server: LiveServer,
    committed_cast: Cast,
    settings: LazySettings,
    *,
    has_javascript: bool,
) -> None:
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = []
    link = magic_links.issue(
        email=committed_cast.bob.email, asker=Asker(device="Firefox on Linux"), next_path="", at=clock.now()
    )
    page = chromium.new_context(java_script_enabled=has_javascript).new_page()
    page.goto(f"{live_server.url}/login?token={link.token}")
    if has_javascript:
        # A scanner of mails runs the page's scripts, and waits for what they do.
        page.wait_for_timeout(PATIENCE_MS)
    page.goto(f"{live_server.url}/library")
    assert "/login" in page.url

    page.goto(f"{live_server.url}/login?token={link.token}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/create")
    page.context.close()
