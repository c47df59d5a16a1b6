"""The status page of a render: true at every moment, still when it is over."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from rendering.models import JobState, Project, RenderJob
from tenants.context import tenant_context
from tests.cast import Cast
from tests.pages.conftest import make_render, shelf_of_renders


@pytest.fixture
def shelf(cast: Cast, mill: Project, media: Path) -> dict[str, RenderJob]:
    """One render in every state."""
    return shelf_of_renders(cast, mill)


def page_of(browser: Client, job: RenderJob) -> str:
    return browser.get(f"/renders/{job.pk}").content.decode()


def test_the_title_counts_while_it_runs(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    assert "<title>62 % · A running film · Cutroom</title>" in page_of(alice_browser, shelf["running"])
    assert "<title>A ready film · Cutroom</title>" in page_of(alice_browser, shelf["ready"])


def test_a_running_page_asks_again_with_and_without_script(
    alice_browser: Client, shelf: dict[str, RenderJob]
) -> None:
    page = page_of(alice_browser, shelf["running"])
    assert 'hx-trigger="every 2s"' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


@pytest.mark.parametrize("name", ["ready", "degraded", "failed", "cancelled"])
def test_a_final_page_never_asks_again(alice_browser: Client, shelf: dict[str, RenderJob], name: str) -> None:
    page = page_of(alice_browser, shelf[name])
    assert "hx-" not in page
    assert "refresh" not in page


def test_only_quarters_are_announced(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    assert ">Rendering, 50 percent</p>" in page_of(alice_browser, shelf["running"])


def test_a_finished_render_can_be_watched_and_taken_home(
    alice_browser: Client, shelf: dict[str, RenderJob]
) -> None:
    job = shelf["ready"]
    page = page_of(alice_browser, job)
    assert f'<source src="/renders/{job.pk}/video" type="video/mp4">' in page
    assert f'<track kind="captions" src="/renders/{job.pk}/captions.vtt" srclang="en"' in page
    assert "Download MP4" in page


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("video", "video/mp4"),
        ("poster", "image/jpeg"),
        ("captions.vtt", "text/vtt"),
        ("captions.srt", "application/x-subrip"),
    ],
)
def test_its_files_open_in_place_or_are_saved(
    alice_browser: Client, shelf: dict[str, RenderJob], path: str, kind: str
) -> None:
    url = f"/renders/{shelf['ready'].pk}/{path}"
    shown, saved = alice_browser.get(url), alice_browser.get(f"{url}?download=1")
    assert shown.getvalue() == saved.getvalue() != b""
    assert shown["Content-Type"].startswith(kind)
    assert "a-ready-film-720p" in saved["Content-Disposition"]
    assert saved["Content-Disposition"].startswith("attachment;")


def test_what_was_replaced_is_said(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    assert ">Ready, degraded</span>" in page_of(alice_browser, shelf["degraded"])


def test_a_failed_render_says_why_and_goes_on(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    job = shelf["failed"]
    page = page_of(alice_browser, job)
    assert "No voice speaks this language yet." in page
    assert "Nothing was charged" in page
    alice_browser.post(f"/renders/{job.pk}/retry")
    with tenant_context(job.tenant_id):
        job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_cancelling_ends_it(alice_browser: Client, cast: Cast, mill: Project) -> None:
    job = make_render(cast, mill)
    answer = alice_browser.post(f"/renders/{job.pk}/cancel", follow=True)
    assert ">Cancelled</span>" in answer.content.decode()


def test_cancelling_what_has_ended_is_refused_on_a_page(
    alice_browser: Client, shelf: dict[str, RenderJob]
) -> None:
    answer = alice_browser.post(f"/renders/{shelf['ready'].pk}/cancel")
    assert answer.status_code == 409
    assert "already ended" in answer.content.decode()


def test_unchanged_progress_costs_no_body(alice_browser: Client, cast: Cast, mill: Project) -> None:
    job = make_render(cast, mill, state=JobState.CANCELLED)
    first = alice_browser.get(f"/renders/{job.pk}/progress")
    again = alice_browser.get(f"/renders/{job.pk}/progress", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    with tenant_context(job.tenant_id):
        RenderJob.objects.filter(pk=job.pk).update(progress=99)
    changed = alice_browser.get(f"/renders/{job.pk}/progress", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_the_live_part_is_the_same_as_on_the_page(alice_browser: Client, shelf: dict[str, RenderJob]) -> None:
    job = shelf["failed"]
    fragment = alice_browser.get(f"/renders/{job.pk}/progress").content.decode()
    assert fragment.lstrip().startswith('<div class="stack wide" id="render">')
    assert "<html" not in fragment


def test_a_poll_without_a_session_leads_to_the_login_page(
    client: Client, shelf: dict[str, RenderJob]
) -> None:
    url = f"/renders/{shelf['running'].pk}/progress"
    answer = client.get(url, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith("/login?next=")


@pytest.mark.parametrize("path", ["", "/progress", "/video", "/poster", "/captions.vtt", "/captions.srt"])
def test_another_workspace_finds_nothing(
    charlie_browser: Client, shelf: dict[str, RenderJob], path: str
) -> None:
    assert charlie_browser.get(f"/renders/{shelf['ready'].pk}{path}").status_code == 404


@pytest.mark.parametrize("path", ["/video", "/poster", "/captions.vtt"])
def test_there_is_no_file_before_the_end(
    alice_browser: Client, shelf: dict[str, RenderJob], path: str
) -> None:
    assert alice_browser.get(f"/renders/{shelf['running'].pk}{path}").status_code == 404


@pytest.mark.parametrize("path", ["cancel", "retry", "rename"])
def test_deeds_need_the_csrf_token(cast: Cast, shelf: dict[str, RenderJob], path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"/renders/{shelf['running'].pk}/{path}").status_code == 403
