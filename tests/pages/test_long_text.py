"""Too much text: nothing cuts it on the way in, and the server says by how much it is too much."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from playwright.sync_api import expect

from rendering.models import Project, RenderJob
from tests.pages.conftest import OpenBrowser
from tests.pages.test_editor import typed

LONG_SCRIPT = "Low water. " * 18_182
TOO_LONG = "The script has 200,002 characters; 100,000 are possible."
# The longest text in letters of three bytes each, as a browser sends it.
LONG_CHINESE = "\u6c34" * 200_000


def text_in(page: str, field: str) -> str:
    """What the page shows in a textarea."""
    area = re.search(rf'<textarea name="{field}".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert area is not None
    return unescape(area[1])


@pytest.mark.parametrize("path", ["/create", "/projects/mill"])
def test_no_field_cuts_what_is_pasted(alice_browser: Client, mill: Project, path: str) -> None:
    assert "maxlength" not in alice_browser.get(path).content.decode()


def test_a_long_script_comes_back_whole(alice_browser: Client, db: None) -> None:
    answer = alice_browser.post("/create", {"title": "Long", "script": LONG_SCRIPT})
    assert answer.status_code == 422
    assert TOO_LONG in answer.content.decode()
    assert text_in(answer.content.decode(), "script") == LONG_SCRIPT


def test_letters_of_several_bytes_count_as_one(alice_browser: Client, db: None) -> None:
    answer = alice_browser.post("/create", {"title": "Water", "script": LONG_CHINESE})
    assert "200,000 characters; 100,000 are possible" in answer.content.decode()


def test_line_breaks_of_a_browser_count_as_one(alice_browser: Client, db: None) -> None:
    script = "\r\n".join(["x" * 999] * 100 + [""]) + "y" * 10
    answer = alice_browser.post("/create", {"title": "Lines", "script": script})
    assert "The script has 100,010 characters" in answer.content.decode()


def test_a_long_script_stays_in_the_paste_dialog(alice_browser: Client, mill: Project) -> None:
    answer = alice_browser.post("/projects/mill", typed(mill, deed="paste", script=LONG_SCRIPT))
    assert answer.status_code == 422
    assert TOO_LONG in answer.content.decode()
    assert text_in(answer.content.decode(), "script") == LONG_SCRIPT


@pytest.mark.parametrize(("field", "most"), [("narration", "5,000"), ("image_prompt", "2,000")])
def test_long_texts_of_a_scene_come_back_whole(
    alice_browser: Client, mill: Project, field: str, most: str
) -> None:
    text = "x" * 6_000
    answer = alice_browser.post("/projects/mill", typed(mill) | {field: text})
    assert answer.status_code == 422
    assert f"6,000 characters; {most} are possible." in answer.content.decode()
    assert text_in(answer.content.decode(), field) == text


@pytest.mark.parametrize("has_javascript", [True, False])
def test_a_browser_sends_all_of_it(
    open_browser: OpenBrowser, acme: tuple[Project, dict[str, RenderJob]], *, has_javascript: bool
) -> None:
    page = open_browser(java_script_enabled=has_javascript).new_page()
    page.goto("/create")
    page.get_by_label("Script", exact=True).fill(LONG_SCRIPT)
    page.get_by_role("button", name="Make scenes").click()
    expect(page.get_by_role("alert")).to_contain_text(TOO_LONG)
    expect(page.get_by_label("Script", exact=True)).to_have_value(LONG_SCRIPT)


def test_a_refused_script_is_shown_where_it_was_pasted(
    open_browser: OpenBrowser, acme: tuple[Project, dict[str, RenderJob]]
) -> None:
    page = open_browser().new_page()
    page.goto("/projects/mill")
    page.get_by_role("button", name="Import a script").click()
    page.get_by_label("Script", exact=True).fill(LONG_SCRIPT)
    page.get_by_role("button", name="Make scenes").click()
    expect(page.locator("#paste").get_by_text(TOO_LONG)).to_be_visible()
    expect(page.get_by_label("Script", exact=True)).to_have_value(LONG_SCRIPT)
