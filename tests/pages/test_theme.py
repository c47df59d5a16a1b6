"""Light, dark or as the system has it: kept in a cookie, set by the server, so nothing flashes."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_on_the_page(client: Client, db: None, theme: str) -> None:
    answer = client.post("/theme", {"theme": theme, "next": "/"})
    assert answer["Location"] == "/"
    assert f'<html lang="en" data-theme="{theme}">' in client.get("/").content.decode()


def test_the_system_decides_again(client: Client, db: None) -> None:
    client.post("/theme", {"theme": "dark"})
    client.post("/theme", {"theme": "system"})
    assert '<html lang="en">' in client.get("/").content.decode()


def test_a_strange_cookie_does_nothing(client: Client, db: None) -> None:
    client.cookies["theme"] = '"><script>'
    assert '<html lang="en">' in client.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://elsewhere.test/", "//elsewhere.test", "javascript:alert(1)", ""])
def test_it_never_leads_to_another_site(client: Client, db: None, target: str) -> None:
    assert client.post("/theme", {"theme": "dark", "next": target})["Location"] == "/"


def test_a_link_cannot_change_it(client: Client, db: None) -> None:
    assert client.get("/theme").status_code == 405
