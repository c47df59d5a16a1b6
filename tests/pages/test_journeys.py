"""A creator's way from a script to a film: once without JavaScript, then what JavaScript adds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from rendering import engine
from rendering.models import JobState, Project, RenderJob, Scene, StepKind
from tenants.context import tenant_context
from tests.cast import Cast
from tests.pages.conftest import OpenBrowser

Acme = tuple[Project, dict[str, RenderJob]]


def work_off_everything(job: RenderJob) -> None:
    """What the workers would do, here and now."""
    engine.start_job(tenant_id=job.tenant_id, job_id=job.pk)
    while sum(engine.run_next(kind) for kind in StepKind.values):
        pass


def narration_of(project: Project, position: int) -> str:
    with tenant_context(project.tenant_id):
        return Scene.objects.get(project=project, position=position).narration


def test_a_film_without_javascript(committed_cast: Cast, open_browser: OpenBrowser, media: Path) -> None:
    page = open_browser(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_label("Title").fill("Two tides")
    page.get_by_label("Script", exact=True).fill("High water.\n\nLow water.")
    page.get_by_role("button", name="Make scenes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit Two tides")

    page.get_by_label("Narration").fill("High water, at noon.")
    page.get_by_role("button", name="Move scene 1 down").click()
    page.get_by_role("group", name="Resolution").get_by_text("720p").click()
    page.get_by_role("button", name="Render video").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two tides")

    with tenant_context(committed_cast.acme.pk):
        job = RenderJob.objects.get()
    assert [scene["narration"] for scene in job.script["scenes"]] == ["Low water.", "High water, at noon."]
    work_off_everything(job)

    page.reload()
    expect(page.get_by_text("Ready").last).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download MP4").click()
    assert Path(download.value.path()).read_bytes()[4:8] == b"ftyp"
    assert download.value.suggested_filename == "two-tides-720p.mp4"
    page.get_by_role("link", name="Library").first.click()
    expect(page.get_by_role("heading", name="Two tides")).to_be_visible()


def open_editor(open_browser: OpenBrowser, acme: Acme) -> Page:
    page = open_browser().new_page()
    page.goto(f"/projects/{acme[0].slug}?scene=2")
    return page


def test_what_is_typed_saves_itself(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, acme)
    page.get_by_label("Narration").fill("The gate falls shut, and holds.")
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    expect(page.locator("#saved")).to_have_text(re.compile("^Saved"))
    assert narration_of(acme[0], 2) == "The gate falls shut, and holds."
    expect(page.locator(".scenes [aria-current] .words")).to_have_text("The gate falls shut, and holds.")


def test_nothing_typed_is_lost_while_the_server_is_away(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, acme)
    page.route("**/projects/**", lambda route: route.abort())
    page.get_by_label("Narration").fill("Typed in a tunnel.")
    expect(page.locator("#saved")).to_have_text("Not saved, retrying")
    page.unroute("**/projects/**")
    expect(page.locator("#saved")).to_have_text(re.compile("^Saved"), timeout=15_000)
    assert narration_of(acme[0], 2) == "Typed in a tunnel."


def test_leaving_for_another_scene_saves_first(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, acme)
    page.get_by_label("Narration").fill("Quickly typed.")
    page.locator(".scenes a").first.click()
    page.wait_for_url("**/projects/mill?scene=1")
    assert narration_of(acme[0], 2) == "Quickly typed."


def test_a_deed_right_after_typing_is_no_conflict_with_oneself(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, acme)
    page.get_by_label("Narration").fill("Typed, then moved.")
    page.keyboard.press("Control+s")
    page.keyboard.press("Alt+ArrowUp")
    page.wait_for_url("**/projects/mill?scene=1")
    assert narration_of(acme[0], 1) == "Typed, then moved."


def test_the_scene_is_cut_where_the_cursor_stands(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, acme)
    page.get_by_label("Narration").fill("🎬🎬 Take one. Take two.")
    # In UTF-16 units each clapper counts twice.
    page.get_by_label("Narration").evaluate("area => area.setSelectionRange(14, 14)")
    page.get_by_role("button", name="Split at cursor").click()
    page.wait_for_url("**/projects/mill?scene=3")
    assert [narration_of(acme[0], position) for position in (2, 3)] == ["🎬🎬 Take one.", "Take two."]


def test_control_and_enter_renders(open_browser: OpenBrowser, acme: Acme) -> None:
    page = open_editor(open_browser, acme)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/renders/**")


def test_progress_moves_and_then_rests(open_browser: OpenBrowser, acme: Acme) -> None:
    job = acme[1]["running"]
    page = open_browser().new_page()
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url) if "/progress" in request.url else None)
    page.goto(f"/renders/{job.pk}")
    set_state(job, progress=84)
    expect(page).to_have_title(re.compile("^84 % · "))
    expect(page.locator("#announce")).to_have_text("Rendering, 75 percent")
    set_state(job, state=JobState.CANCELLED)
    expect(page.locator("#announce")).to_have_text("Cancelled")
    assert page.locator("#render").get_attribute("hx-trigger") is None
    seen = len(polls)
    # Longer than one interval: silence can only be seen by waiting for it.
    page.wait_for_timeout(2500)
    assert len(polls) == seen


def test_a_lost_connection_is_said(open_browser: OpenBrowser, acme: Acme) -> None:
    context: BrowserContext = open_browser()
    page = context.new_page()
    page.goto(f"/renders/{acme[1]['running'].pk}")
    context.set_offline(True)
    expect(page.get_by_text("Live updates paused, retrying")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_text("Live updates paused, retrying")).to_be_hidden()


def test_load_more_adds_to_the_shelf(
    open_browser: OpenBrowser, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rendering.library.PAGE_SIZE", 4)
    page = open_browser().new_page()
    page.goto("/library")
    expect(page.locator("article")).to_have_count(4)
    page.get_by_role("link", name="Load more").click()
    expect(page.locator("article")).to_have_count(6)
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)


def set_state(job: RenderJob, **fields: object) -> None:
    with tenant_context(job.tenant_id):
        RenderJob.objects.filter(pk=job.pk).update(**fields)
