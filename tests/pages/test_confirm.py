"""The page behind the mailed link says when the link was asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts import magic_links
from accounts.magic_links import Asker
from cutroom import clock
from tests.cast import Cast


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (50, "just now"), (70, "1\xa0minute ago"), (550, "9\xa0minutes ago")],
)
def test_it_says_how_long_ago(client: Client, cast: Cast, seconds: int, words: str) -> None:
    asked_at = clock.now() - timedelta(seconds=seconds)
    asker = Asker(device="Firefox on Linux")
    link = magic_links.issue(email=cast.bob.email, asker=asker, next_path="", at=asked_at)
    page = client.get("/login", {"token": link.token}).content.decode()
    assert f">{words}</time> from Firefox on Linux" in page
