"""The library: find, rename and delete videos; as many queries for fifty as for one."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cutroom import clock
from rendering import library
from rendering.keys import video_key
from rendering.models import JobState, Project, RenderJob
from tenants import storage
from tenants.context import tenant_context
from tests.cast import Cast
from tests.pages.conftest import make_render, shelf_of_renders


def titles(browser: Client, query: str = "") -> list[str]:
    return [job.title for job in browser.get(f"/library{query}").context["shelf"].videos]


def make_many(cast: Cast, project: Project, count: int) -> None:
    first = make_render(cast, project)
    with tenant_context(cast.acme.pk):
        RenderJob.objects.bulk_create(
            RenderJob(
                tenant_id=cast.acme.pk,
                project=project,
                title=f"Film {number:02}",
                state=JobState.CANCELLED,
                resolution="720p",
                fps=24,
                aspect="16:9",
                script=first.script,
                duration_ms=1000 * (number % 7),
            )
            for number in range(1, count)
        )


@pytest.fixture
def shelf(cast: Cast, mill: Project, media: Path) -> dict[str, RenderJob]:
    """One render in every state."""
    return shelf_of_renders(cast, mill)


def test_it_shows_every_state_in_words(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    page = alice_browser.get("/library").content.decode()
    for words in ("Rendering 62%", "Ready", "Ready, degraded", "Failed", "Cancelled", "Queued"):
        assert f">{words}</span>" in page
    assert "No voice speaks this language yet." in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=READY", ["A ready film"]),
        ("?q=grinds+the+flour&state=failed", ["A failed film"]),
        ("?state=rendering", ["A running film", "A queued film"]),
        ("?state=ready", ["A ready film", "A degraded film"]),
        ("?q=image_prompt", []),
        ("?q=%25", []),
    ],
)
def test_search_and_filter(
    alice_browser: Client, shelf: dict[str, RenderJob], query: str, found: list[str]
) -> None:
    assert titles(alice_browser, query) == found


def test_no_match_is_not_the_same_as_nothing_yet(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    page = alice_browser.get("/library?q=promo&state=failed").content.decode()
    assert "No video matches “promo”" in page
    assert "No videos yet" not in page


def test_an_empty_library_offers_the_first_video(alice_browser: Client) -> None:
    page = alice_browser.get("/library").content.decode()
    assert "No videos yet" in page
    assert "Create your first video" in page


@pytest.mark.parametrize("sort", ["newest", "longest", "largest", "nonsense"])
def test_paging_shows_each_video_once(alice_browser: Client, cast: Cast, mill: Project, sort: str) -> None:
    make_many(cast, mill, 55)
    seen: list[str] = []
    query = f"?sort={sort}"
    while query:
        page = alice_browser.get(f"/library{query}")
        seen += [str(job.pk) for job in page.context["shelf"].videos]
        more = re.search(r'href="(\?[^"]*cursor=[^"]+)"', page.content.decode())
        query = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == 55


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "W10=",
        "WzEsMl0=",
        "é",
        "WyJhIiwiYiJd",
        "WyJhIiwgIjEyMzQ1Njc4LTEyMzQtMTIzNC0xMjM0LTEyMzQ1Njc4OTAxMiJd",
    ],
)
def test_a_broken_cursor_shows_the_first_page(
    alice_browser: Client, shelf: dict[str, RenderJob], cursor: str
) -> None:
    assert len(titles(alice_browser, f"?cursor={cursor}")) == len(shelf)


def test_it_takes_as_many_queries_for_many_as_for_one(
    alice_browser: Client, cast: Cast, mill: Project
) -> None:
    make_render(cast, mill)
    alice_browser.get("/library")  # the first page fills the snapshot of limits
    with CaptureQueriesContext(connection) as few:
        alice_browser.get("/library")
    make_many(cast, mill, library.PAGE_SIZE + 5)
    with CaptureQueriesContext(connection) as many:
        alice_browser.get("/library")
    assert len(many) == len(few) <= 20


def test_renaming_goes_back_to_where_it_was_asked(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    url = f"/renders/{shelf['ready'].pk}/rename"
    answer = alice_browser.post(url, {"title": "Evening tide", "next": "/library?q=film"})
    assert answer["Location"] == "/library?q=film"
    assert "Evening tide" in titles(alice_browser)


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_an_impossible_title_is_refused(
    alice_browser: Client, shelf: dict[str, RenderJob], title: str
) -> None:
    url = f"/renders/{shelf['ready'].pk}/rename"
    answer = alice_browser.post(url, {"title": title, "next": "https://elsewhere.test/"}, follow=True)
    assert answer.redirect_chain == [("/library", 302)]
    assert "The old one was kept" in answer.content.decode()


def test_deleting_asks_first_and_spares_what_still_runs(
    alice_browser: Client, shelf: dict[str, RenderJob]
) -> None:
    chosen = [str(shelf[name].pk) for name in ("ready", "running")]
    page = alice_browser.get("/library/delete", {"v": chosen}).content.decode()
    assert "Delete 1 video?" in page
    assert "still rendering" in page
    assert len(titles(alice_browser)) == 6

    alice_browser.post("/library/delete", {"v": chosen})
    assert "A ready film" not in titles(alice_browser)
    assert "A running film" in titles(alice_browser)


def test_a_deleted_video_is_gone_from_disk(
    alice_browser: Client, shelf: dict[str, RenderJob], django_capture_on_commit_callbacks: Any
) -> None:
    job = shelf["ready"]
    with django_capture_on_commit_callbacks(execute=True):
        alice_browser.post("/library/delete", {"v": str(job.pk)})
    assert not storage.file_exists(video_key(job, "mp4"))


@pytest.mark.parametrize("query", ["", "?v=x", "?v=00000000-0000-0000-0000-000000000000"])
def test_deleting_nothing_says_so(alice_browser: Client, query: str) -> None:
    assert "Nothing chosen" in alice_browser.get(f"/library/delete{query}").content.decode()


def test_another_workspace_can_neither_see_nor_touch_them(
    charlie_browser: Client, shelf: dict[str, RenderJob]
) -> None:
    job = shelf["ready"]
    assert titles(charlie_browser) == []
    assert charlie_browser.post(f"/renders/{job.pk}/rename", {"title": "Mine"}).status_code == 404
    charlie_browser.post("/library/delete", {"v": str(job.pk)})
    with tenant_context(job.tenant_id):
        assert RenderJob.objects.get(pk=job.pk).title == "A ready film"


def test_the_age_is_told_in_words_and_exactly(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    page = alice_browser.get("/library").content.decode()
    exact = (clock.now() - timedelta(hours=1)).strftime("%-d %B %Y")
    assert f'title="{exact}' in page
    assert ">1 h</time>" in page
