"""The banner: from 80 % of any meter, with the numbers, and what happens next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from pytest_django import Settings

from metering import services
from metering.meters import Meter
from metering.templatetags.usage import usage_banner
from tenants.http import Principal
from tenants.models import Role, Tenant
from tests.metering.conftest import NOON

MINUTE = 60_000
GB = 10**9


def banner(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("cutroom.clock.now", lambda: NOON)
    principal = Principal(user_id=None, tenant_id=tenant.pk, role=Role.ADMIN)
    html = render_to_string("metering/_banner.html", usage_banner({"principal": principal}))
    return " ".join(html.split())


def test_the_banner_stays_away_below_80_percent(
    inside: Tenant, reserve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve("render:1", render_minutes=399 * MINUTE)
    assert banner(inside, monkeypatch) == ""


def test_strangers_see_no_banner() -> None:
    assert usage_banner({"principal": None}) == {}


def test_the_banner_names_the_fullest_meter_and_the_day_it_comes_back(
    inside: Tenant, reserve: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve("render:1", render_minutes=475 * MINUTE, tts_minutes=900 * MINUTE)
    html = banner(inside, monkeypatch)
    assert "95% of render minutes used:" in html
    assert "475 of 500" in html
    assert "They come back on 1 December." in html
    assert 'class="notice warn"' in html


def test_the_banner_leads_to_the_plans_where_there_are_any(
    inside: Tenant, reserve: Callable[..., None], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    reserve("render:1", render_minutes=475 * MINUTE)
    page = f"{settings.SITE_URL}/billing"
    assert f'<a href="{page}">Compare plans</a>' in banner(inside, monkeypatch)
    # URLs without a billing page.
    settings.ROOT_URLCONF = "billing.standin.urls"
    assert "Compare plans" not in banner(inside, monkeypatch)
    settings.METERING_UPGRADE_URL = "https://plans.example/"
    assert '<a href="https://plans.example/">Compare plans</a>' in banner(inside, monkeypatch)


def test_a_full_level_says_what_helps(inside: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    services.record_level(
        tenant_id=inside.pk,
        event_key="video:1",
        meter=Meter.STORAGE,
        delta=101 * GB,
        subject="video",
        at=NOON,
    )
    html = banner(inside, monkeypatch)
    assert 'class="notice bad"' in html
    assert "101 of 100 GB" in html
    assert "Delete something to make room." in html


def test_the_banner_names_the_day_the_pace_runs_out(
    inside: Tenant, settle: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle("none", "segment:1", Meter.RENDER, 475 * MINUTE)
    assert "At today’s pace you reach 500 on 25 November." in banner(inside, monkeypatch)
