"""A picture for a scene: by the button, or with JavaScript as soon as it is chosen."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from cutroom import clock
from rendering.intake.models import Upload
from rendering.models import Project, RenderJob, Scene
from tenants.context import tenant_context
from tests.pages.conftest import OpenBrowser
from tests.pages.test_editor import typed

Acme = tuple[Project, dict[str, RenderJob]]


def picture_file() -> FilePayload:
    """A small PNG, as a person would choose it."""
    picture = BytesIO()
    Image.new("RGB", (64, 36), (200, 80, 40)).save(picture, format="PNG")
    return {"name": "mill.png", "mimeType": "image/png", "buffer": picture.getvalue()}


def open_editor(open_browser: OpenBrowser, *, has_javascript: bool) -> Page:
    page = open_browser(java_script_enabled=has_javascript).new_page()
    page.goto("/projects/mill")
    return page


def test_an_upload_without_a_file_asks_for_one(alice_browser: Client, mill: Project) -> None:
    answer = alice_browser.post("/projects/mill", typed(mill, deed="upload", narration="Still here."))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#id_picture">Picture file</a>: Choose a file first.' in page
    assert "\nStill here.</textarea>" in page


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        ("receiving", {"offset": 512_000}, "mill.mp4 is on its way: 500.0\xa0KB of 1.0\xa0MB are here."),
        ("checking", {}, "mill.mp4 is being checked and prepared."),
        ("failed", {"error": "It has no picture."}, "mill.mp4 was not taken: It has no picture."),
        ("ready", {}, ""),
    ],
)
def test_the_editor_shows_what_becomes_of_a_clip(
    alice_browser: Client, mill: Project, state: str, fields: dict[str, Any], words: str
) -> None:
    at = clock.now()
    with tenant_context(mill.tenant_id):
        scene = Scene.objects.get(project=mill, position=2)
        Upload.objects.create(
            project=mill, scene=scene, name="mill.mp4", length=1024**2, state=state, not_before=at,
            created_at=at, expires_at=at, **fields,
        )  # fmt: skip
    page = alice_browser.get("/projects/mill?scene=2").content.decode()
    assert words in page
    assert ("mill.mp4" in page) == bool(words)
    assert ('id="arriving" data-waiting' in page) == (state in ("receiving", "checking"))
    assert "mill.mp4" not in alice_browser.get("/projects/mill?scene=1").content.decode()


def test_without_javascript_the_button_uploads(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, has_javascript=False)
    page.get_by_label("Picture, sound or video file").set_input_files(picture_file())
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("your own picture")).to_be_visible()


def test_with_javascript_choosing_is_enough(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, has_javascript=True)
    expect(page.get_by_role("button", name="Upload")).to_be_hidden()
    page.get_by_label("Picture, sound or video file").set_input_files(picture_file())
    expect(page.get_by_text("your own picture")).to_be_visible()


def test_a_refused_file_says_why_and_no_button_wipes_that(
    open_browser: OpenBrowser, acme: Acme, media: Path
) -> None:
    page = open_editor(open_browser, has_javascript=True)
    words: FilePayload = {"name": "mill.png", "mimeType": "image/png", "buffer": b"just words"}
    page.get_by_label("Picture, sound or video file").set_input_files(words)
    expect(page.locator("#id_picture_error")).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_be_hidden()
