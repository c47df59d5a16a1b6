"""When a render does not fit: the draft is kept, the numbers are shown, there are ways on."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from billing.models import TenantSubscription
from metering.models import Notice
from rendering.models import Project, RenderJob
from tenants.context import tenant_context
from tests.pages.test_editor import Words, typed


@pytest.fixture
def _tiny_plan(settings: Settings) -> None:
    """A plan with room for no render at all."""
    free = {"limits": {"render_minutes": 0.01, "images_count": 500, "tts_minutes": 1000}, "features": []}
    settings.METERING_PLANS = {**settings.METERING_PLANS, "free": free}


@pytest.mark.usefixtures("_tiny_plan")
def test_the_refused_draft_is_saved(alice_browser: Client, mill: Project, words_of: Words) -> None:
    form = typed(mill, 1, deed="render", narration="Typed last.", resolution="720p")
    answer = alice_browser.post("/projects/mill", form, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 402
    assert "Usage limit reached. Upgrade to Pro or wait until next month." in page
    assert "Usage quota exceeded for render_minutes" in page
    assert "<strong>0.01 min</strong> of 0.01 min left; this video needs" in page
    assert "0 percent used" in page
    for way in ("Compare plans", "Tell me when it resets", "Ask for a higher limit"):
        assert way in page
    assert words_of(mill)[0] == "Typed last."
    with tenant_context(mill.tenant_id):
        assert not RenderJob.objects.exists()


@pytest.mark.usefixtures("_tiny_plan")
def test_who_has_pro_is_not_told_to_upgrade_to_it(
    alice_browser: Client, mill: Project, settings: Settings
) -> None:
    with tenant_context(mill.tenant_id):
        TenantSubscription.objects.create(plan="pro")
    settings.METERING_PLANS = {**settings.METERING_PLANS, "pro": settings.METERING_PLANS["free"]}
    answer = alice_browser.get("/projects/mill/limit?resolution=720p&fps=24")
    page = answer.content.decode()
    assert answer.status_code == 402
    assert "Usage limit reached. Wait until next month, or ask for more." in page
    assert "Upgrade to Pro" not in page
    assert "Choose a larger plan" in page


def test_4k_is_locked_on_free_and_refused_when_forced(alice_browser: Client, mill: Project) -> None:
    page = alice_browser.get("/projects/mill").content.decode()
    assert "4K comes with Pro" in page
    answer = alice_browser.post("/projects/mill", typed(mill, deed="render", resolution="4k"), follow=True)
    assert answer.status_code == 402
    assert "4K needs a larger plan" in answer.content.decode()


def test_once_it_fits_the_page_leads_back(alice_browser: Client, mill: Project) -> None:
    answer = alice_browser.get("/projects/mill/limit?resolution=720p&fps=24")
    assert answer["Location"] == "/projects/mill"


def test_a_wrong_address_leads_back(alice_browser: Client, mill: Project) -> None:
    answer = alice_browser.get("/projects/mill/limit?resolution=8k")
    assert answer["Location"] == "/projects/mill"


@pytest.mark.usefixtures("_tiny_plan")
def test_who_wants_to_know_of_the_reset_stays_on_the_page_and_is_told_once(
    bob_browser: Client, mill: Project
) -> None:
    here = "/projects/mill/limit?resolution=720p&fps=24"
    for _ in range(2):
        answer = bob_browser.post("/usage/tell-me", {"meter": "render_minutes", "next": here})
        assert answer["Location"] == here
    assert "We mail you on" in bob_browser.get(here).content.decode()
    with tenant_context(mill.tenant_id):
        [notice] = Notice.objects.filter(kind="reset")
        assert (notice.meter, notice.due_at.day, notice.announced_at) == ("render_minutes", 1, None)
